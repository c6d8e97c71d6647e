"""Tables as files: what is printed is what is stored."""
import csv

from regan.base import tables


def test_markdown_and_csv(tmp_path):
    rows = [{'name': 'a, b', 'value': '0.50'}, {'name': 'c', 'value': 3}]
    text = '# Title\n\n' + tables.markdown(rows)
    markdown, table = tables.write(tmp_path, 'numbers', text, rows)
    assert (markdown, table) == (tmp_path / 'numbers.md', tmp_path / 'numbers.csv')
    assert markdown.read_text() == '# Title\n\n| name | value |\n|---|---|\n| a, b | 0.50 |\n| c | 3 |\n'
    with open(str(table), newline='') as file:
        assert list(csv.DictReader(file)) == [{'name': 'a, b', 'value': '0.50'}, {'name': 'c', 'value': '3'}]

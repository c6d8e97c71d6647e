"""Tables as files: what is printed is what is stored."""

import csv

import pytest

from regan.base import tables
from regan.base.errors import UserError


def test_markdown_and_csv(tmp_path):
    rows = [{'name': 'a, b', 'value': '0.50'}, {'name': 'c', 'value': 3}]
    text = '# Title\n\n' + tables.markdown(rows)
    markdown, table = tables.write(tmp_path, 'numbers', text, rows)
    assert (markdown, table) == (tmp_path / 'numbers.md', tmp_path / 'numbers.csv')
    assert markdown.read_text() == '# Title\n\n| name | value |\n|---|---|\n| a, b | 0.50 |\n| c | 3 |\n'
    with open(str(table), newline='') as file:
        assert list(csv.DictReader(file)) == [{'name': 'a, b', 'value': '0.50'}, {'name': 'c', 'value': '3'}]


def test_a_table_without_rows_is_empty(tmp_path):
    tables.write_csv(tmp_path / 'a.csv', [])
    assert tables.markdown([]) == (tmp_path / 'a.csv').read_text() == '' and tables.read_csv(tmp_path / 'a.csv') == []


@pytest.mark.parametrize('digits, text', [(None, '1.23456789,2,,inf'), (6, '1.23457,2,,inf')])
def test_numbers_in_csv(tmp_path, digits, text):
    tables.write_csv(tmp_path / 'a.csv', [dict(float=1.23456789, int=2, none=None, infinite=float('inf'))], digits)
    assert (tmp_path / 'a.csv').read_bytes() == b'float,int,none,infinite\n' + text.encode() + b'\n'


def test_reading_what_others_write(tmp_path):
    """A byte order mark, other line ends, empty lines, and rows of other lengths."""
    (tmp_path / 'a.csv').write_bytes(b'\xef\xbb\xbfname,value\r\n"a, b",1\r\n\r\nc\r\n')
    assert tables.read_csv_rows(tmp_path / 'a.csv') == [['name', 'value'], ['a, b', '1'], ['c']]
    assert tables.read_csv(tmp_path / 'a.csv') == [{'name': 'a, b', 'value': '1'}, {'name': 'c'}]


@pytest.mark.parametrize('content', [None, b'\xff\xfe1'])
def test_no_csv(tmp_path, content):
    if content:
        (tmp_path / 'a.csv').write_bytes(content)
    with pytest.raises(UserError, match='a.csv is no readable .csv file'):
        tables.read_csv(tmp_path / 'a.csv')


def test_names_of_strangers_are_neither_columns_nor_formulas(tmp_path):
    names = ['a|b', 'a\nb', '=1+1', '@x', '-x', '-', '-inf', '-1.5', 'a=b']
    rows = [{'name': name} for name in names]
    assert tables.markdown(rows[:2]) == '| name |\n|---|\n| a\\|b |\n| a b |\n'
    tables.write_csv(tmp_path / 'a.csv', rows[2:])
    expected = ["'=1+1", "'@x", "'-x", '-', '-inf', '-1.5', 'a=b']
    assert [row['name'] for row in tables.read_csv(tmp_path / 'a.csv')] == expected

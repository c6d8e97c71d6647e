"""Takes the pictures of the explorer's page that the documentation shows: docs/explorer-*.png.

make screenshots
"""

import pathlib
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

from tests.browser.conftest import CHROMIUM, DRAWN_MS, STACKS, Server, Visitor

EDITS = ((0, 'coarse', 1), (1, 'coarse', 0), (2, 'all', 1))  # Rows of the sheet, zones, and which side of them.


def save(visitor, name):
    path = PROJECT / 'docs' / ('explorer-%s.png' % name)
    visitor.page.screenshot(path=str(path))
    print('wrote %s' % path.relative_to(PROJECT))


def wait_for_tiles(page, rows):
    page.wait_for_selector('.row >> nth=%d >> .tile:not(.waiting-tile) >> nth=7' % (rows - 1), timeout=DRAWN_MS)


def main():
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as cache, sync_playwright() as playwright:
        server = Server(STACKS[-1], cache)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=['--no-sandbox'])
        visitor = Visitor(browser, server, color_scheme='light', device_scale_factor=1).open()
        page = visitor.page
        wait_for_tiles(page, 3)
        save(visitor, 'first')
        for row, zone, side in EDITS:
            tiles = page.locator('.row').nth(row).locator('.zone-tiles:has(small:text-is("%s"))' % zone)
            tiles.locator('.tile').nth(side).click()
        page.click('.compare >> text=wipe')
        visitor.settled()
        page.wait_for_timeout(500)
        save(visitor, 'edits')
        page.set_viewport_size(dict(width=1440, height=1500))
        page.select_option('.sheet label:has-text("sort") select', 'change')
        page.wait_for_selector('.row >> nth=0 >> small:has-text("change ")', timeout=DRAWN_MS)
        wait_for_tiles(page, 5)
        page.wait_for_timeout(1000)
        page.locator('.sheet').screenshot(path=str(PROJECT / 'docs' / 'explorer-sheet.png'))
        print('wrote docs/explorer-sheet.png')
        visitor.close()
        browser.close()
        server.stop()


if __name__ == '__main__':
    main()

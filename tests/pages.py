"""Result pages in a real browser."""

import re
import struct
import subprocess
import zlib

BROWSER = ["/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]


def dom_of(url, *options):
    done = subprocess.run([*BROWSER, *options, "--dump-dom", url], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def first_pixel(path):
    """Red, green and blue of a PNG's upper left corner: filters leave the first pixel as it is."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IDAT":
            pixels += data[at + 8:at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompressobj().decompress(pixels, 4)[1:4])


def background(page, folder, scheme):
    """The colour in the corner of the page, for readers who like it "light" or "dark"."""
    picture = folder / f"{scheme}.png"
    done = subprocess.run([*BROWSER, f"--blink-settings=preferredColorScheme={1 if scheme == 'light' else 0}", "--window-size=900,1200",
                           f"--screenshot={picture}", page.as_uri()], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and picture.exists(), done.stderr
    return first_pixel(picture)


def milliseconds_to_load(page, folder):
    """From setting the address to the load event, by the browser's own clock; the best of five."""
    frame = folder / "frame.html"
    frame.write_text(f"""<!doctype html><title>-</title><body><script>
let best = Infinity, left = 5;
function once() {{
  const frame = document.createElement("iframe"), start = performance.now();
  frame.onload = () => {{
    best = Math.min(best, performance.now() - start);
    frame.remove();
    if (--left) once(); else document.title = "best " + best;
  }};
  frame.src = "{page.as_uri()}";
  document.body.append(frame);
}}
once();
</script>""")
    text = dom_of(frame.as_uri(), "--virtual-time-budget=10000", "--allow-file-access-from-files")
    return float(re.search(r"<title>best ([\d.]+)</title>", text)[1])


def check_page(page, folder, charts):
    """A page is whole, says what its pictures show, and follows the reader's colours."""
    text = page.read_text()
    for foreign in ("<script", "http://", "https://", "@import", "url("):
        assert foreign not in text
    dom = dom_of(page.as_uri())
    assert dom.count('role="img"') == charts and dom.count("<desc") == charts
    assert dom.count("<table>") >= charts, "the numbers of each chart stand in a table"
    assert background(page, folder, "light") == (255, 255, 255)
    assert max(background(page, folder, "dark")) < 60
    assert milliseconds_to_load(page, folder) < 100

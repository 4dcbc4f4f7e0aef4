"""What other extractors read from a file, and the words on which they agree."""

import hashlib
import importlib
import io
import json
import logging
import os
import re
import resource
import signal
import subprocess
from pathlib import Path

import words
from words import consensus, without

# Files with fewer words say nothing about a parser.
LEAST_WORDS = {"pdf": 20, "docx": 5, "html": 5, "md": 5, "txt": 5}
MOST_PAGES = 60
# How far the two nearest references must agree on a page. Readers of web pages differ most: each
# leaves out other parts of a page.
LEAST_AGREEMENT = {"pdf": 0.9, "docx": 0.9, "html": 0.8, "md": 0.9, "txt": 0.9}
SECONDS, MEMORY = 60, 3 << 30
# Pages are drawn at this many pixels a point, and with fewer if they are large.
SCALE, MOST_PIXELS = 3.0, 3_000
# The least difference between the darkest and the lightest of 256 greys that a reader sees.
LEAST_CONTRAST = 16
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def pdfium(path):
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    return [page.get_textpage().get_text_range() for page in document]


def unseen(path):
    """The words of each page that its picture does not show: white, invisible, clipped, or in a layer that is off."""
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    return [" ".join(unseen_on(page)) for page in document]


def unseen_on(page):
    import pypdfium2.raw as pdfium_c

    text = page.get_textpage()
    scale = min(SCALE, MOST_PIXELS / max(*page.get_size(), 1.0))
    picture = page.render(scale=scale, grayscale=True)
    place, pixels, stride = picture.get_posconv(page), bytes(picture.buffer), picture.stride
    word, is_seen = "", False
    for at in range(text.count_chars() + 1):
        character = chr(pdfium_c.FPDFText_GetUnicode(text, at) or 32) if at < text.count_chars() else " "
        if not character.isspace():
            left, bottom, right, top = text.get_charbox(at)
            (x0, y0), (x1, y1) = place.to_bitmap(left, top), place.to_bitmap(right, bottom)
            x0, x1 = sorted((max(x0 - 1, 0), min(x1 + 1, picture.width)))
            rows = range(max(min(y0, y1) - 1, 0), min(max(y0, y1) + 1, picture.height))
            box = b"".join(pixels[y * stride + x0:y * stride + x1] for y in rows)
            word, is_seen = word + character, is_seen or bool(box) and max(box) - min(box) >= LEAST_CONTRAST
        elif word:
            if not is_seen:
                yield word
            word, is_seen = "", False


def pdfminer(path):
    from pdfminer.converter import TextConverter
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    pages, resources = [], PDFResourceManager()
    with open(path, "rb") as file:
        for page in PDFPage.get_pages(file):
            out = io.StringIO()
            PDFPageInterpreter(resources, TextConverter(resources, out, laparams=LAParams())).process_page(page)
            pages.append(out.getvalue())
    return pages


def poppler(path):
    command = ["pdftotext", "-q", "-enc", "UTF-8", path, "-"]
    output = subprocess.run(command, capture_output=True, timeout=SECONDS).stdout
    pages = output.decode("utf-8", "replace").split("\f")
    return pages if pages[-1].strip() else pages[:-1]


def python_docx(path):
    import docx

    body = docx.Document(path).element.body
    # Paragraphs in tables and content controls too; a line break stands between two.
    paragraphs = body.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}p")
    return ["\n".join(docx.text.paragraph.Paragraph(p, None).text for p in paragraphs)]


def docx2txt(path):
    import docx2txt as library

    return [library.process(path)]


def mammoth(path):
    import mammoth as library

    with open(path, "rb") as file:
        return [library.extract_raw_text(file).value]


def page(path):
    from charset_normalizer import from_bytes

    data = Path(path).read_bytes()
    return str(from_bytes(data).best() or data.decode("utf-8", "replace"))


def shown(html):
    from inscriptis import get_text

    return get_text(html) if html.strip() else ""


def whole_page(path):
    return [shown(page(path))]


def trafilatura(path):
    import trafilatura as library

    return [library.extract(Path(path).read_bytes(), favor_recall=True, include_comments=False) or ""]


def readability(path):
    from lxml import html
    from readability import Document

    # Without the numbers of lists, which inscriptis counts anew.
    return [" ".join(html.fromstring(Document(page(path)).summary()).itertext())]


def marked_up(path):
    """The text without its front matter, which is no part of what a reader sees."""
    return FRONT_MATTER.sub("", Path(path).read_text("utf-8"))


def python_markdown(path):
    import markdown

    return [shown(markdown.markdown(marked_up(path), extensions=["tables", "fenced_code"]))]


def markdown_it(path):
    from markdown_it import MarkdownIt

    return [shown(MarkdownIt().enable("table").render(marked_up(path)))]


def mistune(path):
    import mistune as library

    return [shown(library.create_markdown(plugins=["table"])(marked_up(path)))]


def utf8(path):
    return [Path(path).read_text("utf-8-sig")]


def detected(path):
    return [page(path)]


# Loaded once, before each file gets a process of its own.
LIBRARIES = {
    "pdf": ("pypdfium2", "pdfminer.converter", "pdfminer.layout", "pdfminer.pdfinterp", "pdfminer.pdfpage"),
    "docx": ("docx", "docx2txt", "mammoth"),
    "html": ("trafilatura", "readability", "inscriptis", "charset_normalizer"),
    "md": ("markdown", "markdown_it", "mistune", "inscriptis"),
    "txt": ("charset_normalizer",),
}
READERS = {
    "pdf": (pdfium, poppler, pdfminer),
    "docx": (python_docx, docx2txt, mammoth),
    "html": (trafilatura, readability, whole_page),
    "md": (python_markdown, markdown_it, mistune),
    "txt": (utf8, detected),
}


def agreed(path, form):
    """The agreed words of each page, None for a page without agreement; None for a file without references."""
    texts = []
    for reader in READERS[form]:
        try:
            texts.append(reader(str(path)))
        except Exception:  # a reference fails in its own ways
            continue
    lengths = [len(pages) for pages in texts]
    common = max(lengths, key=lengths.count, default=0)
    texts = [pages for pages in texts if len(pages) == common]
    if len(texts) < 2 or not 1 <= common <= MOST_PAGES:
        return None
    agreed_words = [consensus(pages, LEAST_AGREEMENT[form]) for pages in zip(*texts)]
    if form == "pdf":
        hidden = unseen(str(path))
        agreed_words = [page and without(page, text) for page, text in zip(agreed_words, hidden, strict=True)]
    return agreed_words


def read_apart(path, form, answer):
    """Writes the agreed words to a file, in a process of its own with limits: references loop and crash."""
    for library in LIBRARIES[form]:
        importlib.import_module(library)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if status != 0:
            answer.write_text("null")
        return
    try:
        logging.disable(logging.CRITICAL)
        signal.alarm(3 * SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (2 * SECONDS, 2 * SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        unfinished = answer.with_suffix(".new")
        unfinished.write_text(json.dumps(agreed(path, form)))
        unfinished.rename(answer)
        os._exit(0)
    finally:
        os._exit(1)


def references(path, form, cache):
    """The agreed words of each page, read once by this version of the scripts."""
    version = hashlib.sha256(b"".join(Path(name).read_bytes() for name in (__file__, words.__file__)))
    answer = cache / f"{path.stem}-{version.hexdigest()[:8]}.json"
    if not answer.exists():
        read_apart(path, form, answer)
    pages = json.loads(answer.read_text())
    if pages is None or sum(len(page) for page in pages if page) < LEAST_WORDS[form]:
        return None
    return pages

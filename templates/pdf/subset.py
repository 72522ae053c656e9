#!/usr/bin/env python3
"""Cuts the fonts that Turnout prints with. README.md beside this file says when to run it.

usage: subset.py FONTS EMOJI_TTF   (run in this folder; FONTS is where the Debian packages put their fonts)

Writes text/*.z + text/*.json  small 8-bit fonts that gofpdf embeds as they are (real, selectable text),
       outlines/*              fonts whose glyphs are drawn as shapes,
       coverage.json           which outline font has which characters,
       blank.ttf               the font of the invisible text layer.
"""
import io, json, sys, zlib
from pathlib import Path
from fontTools import subset
from fontTools.agl import UV2AGL
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

FONTS, EMOJI = Path(sys.argv[1]), sys.argv[2]
DEJAVU = {"": FONTS / "truetype/dejavu/DejaVuSans.ttf", "B": FONTS / "truetype/dejavu/DejaVuSans-Bold.ttf"}


def span(*ranges):
    return [c for a, b in ranges for c in range(a, b + 1)]


# One page holds at most 224 characters: the codes 32 to 255 of a simple PDF font.
PAGES = {
    "latin": span((0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0xFF), (0x2013, 0x2014), (0x2018, 0x201A), (0x201C, 0x201E),
                  (0x2020, 0x2022), (0x2026, 0x2026), (0x2030, 0x2030), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2122, 0x2122)),
    "latin2": span((0x100, 0x17F), (0x218, 0x21B), (0x1E9E, 0x1E9E)),  # central Europe, the Baltic, Turkey, Romania
    "latin4": span((0x187, 0x188), (0x18F, 0x18F), (0x192, 0x192), (0x199, 0x199), (0x1A0, 0x1A1), (0x1AF, 0x1B0),
                   (0x1CD, 0x1DC), (0x1E6, 0x1E7), (0x1EA, 0x1EB), (0x1FA, 0x1FF), (0x251, 0x251), (0x253, 0x254),
                   (0x257, 0x257), (0x259, 0x259), (0x25B, 0x25B), (0x2BB, 0x2BC), (0x1E80, 0x1E85)),
    "latin3": span((0x1E00, 0x1E7F), (0x1E86, 0x1E9B)),
    "vietnamese": span((0x1EA0, 0x1EF9)),
    "greek": span((0x370, 0x3FF)),
    "polytonic": span((0x1F00, 0x1FDB)),
    "polytonic2": span((0x1FDD, 0x1FFE)),
    "cyrillic": span((0x400, 0x45F), (0x48A, 0x4FF)),
    "caucasus": span((0x531, 0x58F), (0x10D0, 0x10FC)),
    "signs": span((0x2010, 0x2012), (0x2015, 0x2017), (0x201B, 0x201B), (0x201F, 0x201F), (0x2023, 0x2025), (0x2031, 0x2038),
                  (0x203C, 0x205E), (0x2070, 0x2094), (0x20A0, 0x20BF), (0x2100, 0x2121), (0x2123, 0x213B), (0x2150, 0x215F),
                  (0x2190, 0x21A8)),
    "maths": span((0x2200, 0x2265), (0x25A0, 0x25CF), (0x2605, 0x2606), (0x2713, 0x2717)),
}

NOTO = {  # family without "Noto": what is kept of it
    "SansArabic": "0600-06FF,0750-077F,08A0-08FF,0020-0040,00A0,200C,200D,2010-2015,25CC,FD3E-FD3F,FDF2-FDFC",
    "SansHebrew": "*", "SansDevanagari": "*", "SansBengali": "*", "SansGurmukhi": "*", "SansGujarati": "*", "SansOriya": "*",
    "SansTamil": "*", "SansTelugu": "*", "SansKannada": "*", "SansMalayalam": "*", "SansSinhala": "*", "SansThai": "*",
    "SansLao": "*", "SansMyanmar": "*", "SansKhmer": "*", "SerifTibetan": "*", "SansEthiopic": "*",
    "SansCanadianAboriginal": "*", "SansCherokee": "*", "SansMongolian": "*", "SansSyriac": "*", "SansThaana": "*",
    "SansNKo": "*", "SansOlChiki": "*", "SansAdlam": "*", "SansTifinagh": "*", "SansJavanese": "*", "SansBalinese": "*",
    "SansSundanese": "*", "SansMeeteiMayek": "*", "SansMath": "1D400-1D7FF",
    "Sans": "0020-024F,0300-036F,1AB0-1AFF,1DC0-1DFF,1E00-1EFF,20D0-20F0",  # marks that DejaVu lacks
}


def cut(source, unicodes, number=-1, **options):
    opts = subset.Options(hinting=False, name_IDs=[0, 1, 2, 13, 14], notdef_outline=True, legacy_cmap=False,
                          font_number=number, **options)
    opts.drop_tables += ["FFTM", "DSIG", "vhea", "vmtx", "VORG", "BASE", "MATH", "TSI0", "TSI1", "TSI2", "TSI3", "TSI5"]
    font = subset.load_font(str(source), opts)
    cutter = subset.Subsetter(opts)
    cutter.populate(unicodes=unicodes)
    cutter.subset(font)
    font["head"].modified = font["head"].created  # the same input gives the same bytes
    font.recalcTimestamp = False
    return font


def save(font, path):
    """FONT.z: compressed, for a program of half the fonts' size; one that is needed is read whole once."""
    path.parent.mkdir(exist_ok=True)
    plain = io.BytesIO()
    font.save(plain)
    path.with_name(path.name + ".z").write_bytes(zlib.compress(plain.getvalue(), 9))


def parse(text, source):
    if text == "*":
        return sorted(TTFont(str(source)).getBestCmap())
    out = []
    for part in text.split(","):
        a, _, b = part.partition("-")
        out += range(int(a, 16), int(b or a, 16) + 1)
    return out


def text_page(name, style, wanted):
    """One 8-bit font: FILE.z for the PDF, FILE.json for gofpdf (its font definition, with the characters by code in Runes)."""
    have = TTFont(str(DEJAVU[style])).getBestCmap()
    runes = [c for c in wanted if c in have]
    assert len(runes) <= 224, (name, len(runes))
    font = cut(DEJAVU[style], runes, layout_features=[], glyph_names=True)
    for table in ("name", "GDEF", "GPOS", "GSUB", "gasp"):  # a font inside a PDF has no use for them
        if table in font:
            del font[table]
    buffer = io.BytesIO()
    font.save(buffer)
    # Glyph names by the Adobe list (else uniXXXX): that is how a PDF reader gets from a code to a glyph and to a character.
    font = TTFont(io.BytesIO(buffer.getvalue()), recalcTimestamp=False)
    names = {g: UV2AGL.get(c, "uni%04X" % c) for c, g in sorted(font.getBestCmap().items(), reverse=True)}
    font = TTFont(io.BytesIO(buffer.getvalue()), recalcTimestamp=False)
    font.setGlyphOrder([names.get(g, g) for g in font.getGlyphOrder()])
    font["post"].extraNames, font["post"].mapping = [], {}
    out = io.BytesIO()
    font.save(out)
    data = out.getvalue()
    font = TTFont(io.BytesIO(data))
    upem, hmtx, cmap = font["head"].unitsPerEm, font["hmtx"], font.getBestCmap()
    em = lambda v: round(v * 1000 / upem)
    codes = {}
    if name == "latin":  # Windows-1252: PDF knows this encoding by name
        codes = {c: chr(c).encode("cp1252")[0] for c in runes}
    free = (c for c in range(32, 256) if c not in codes.values())
    for r in runes:
        if r not in codes:
            codes[r] = next(free)
    by_code = {v: k for k, v in codes.items()}
    widths = [em(hmtx[cmap[by_code[c]]][0]) if c in by_code else 0 for c in range(256)]
    diff = " ".join("%d /%s" % (c, UV2AGL.get(by_code[c], "uni%04X" % by_code[c])) for c in sorted(by_code))
    if name == "latin":
        diff = ""
    file = "sans%s-%s" % ("-bold" if style else "", name)
    head, os2 = font["head"], font["OS/2"]
    definition = {
        "Tp": "TrueType", "Name": "AAAAAA+DejaVuSans" + ("-Bold" if style else "") + "-" + name,
        "Desc": {"Ascent": em(font["hhea"].ascent), "Descent": em(font["hhea"].descent), "CapHeight": 729, "Flags": 32,
                 "FontBBox": {"Xmin": em(head.xMin), "Ymin": em(head.yMin), "Xmax": em(head.xMax), "Ymax": em(head.yMax)},
                 "ItalicAngle": 0, "StemV": 140 if style else 80, "MissingWidth": 600},
        "Up": -130, "Ut": 90, "Cw": widths, "Enc": "cp1252", "Diff": diff, "File": file + ".z", "OriginalSize": len(data),
        # For internal/paper, which cuts the file further to the characters that a document uses:
        "Runes": [by_code.get(c, 0) for c in range(256)],
        "Glyphs": [sorted(closure(font, cmap[by_code[c]])) if c in by_code else [] for c in range(256)],
        "Loca": font.reader.tables["loca"].offset, "Glyf": font.reader.tables["glyf"].offset,
        "LongLoca": bool(head.indexToLocFormat), "Count": font["maxp"].numGlyphs,
    }
    Path("text").mkdir(exist_ok=True)
    Path("text", file + ".z").write_bytes(zlib.compress(data, 9))
    Path("text", file + ".json").write_text(json.dumps(definition, separators=(",", ":")) + "\n")


def closure(font, name):
    """The numbers of a glyph and of all glyphs that it is put together from."""
    glyph, found = font["glyf"][name], {font.getGlyphID(name)}
    if glyph.isComposite():
        for part in glyph.components:
            found |= closure(font, part.glyphName)
    return found


def blank():
    """A font of one glyph that shows nothing: the invisible text over outlines is set in it, half an em a character."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0)); pen.lineTo((1, 0)); pen.lineTo((0, 1)); pen.closePath()
    fb = FontBuilder(1000, isTTF=True)
    fb.setupGlyphOrder([".notdef", "space"])
    fb.setupCharacterMap({32: "space"})
    fb.setupGlyf({".notdef": pen.glyph(), "space": TTGlyphPen(None).glyph()})
    fb.setupHorizontalMetrics({".notdef": (500, 0), "space": (500, 0)})
    fb.setupHorizontalHeader(ascent=800, descent=-200)
    fb.setupNameTable({"familyName": "Blank", "styleName": "Regular"})
    fb.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    fb.setupPost(keepGlyphNames=False)
    fb.font["head"].created = fb.font["head"].modified = 3600000000
    fb.font.recalcTimestamp = False
    fb.save("blank.ttf")


def main():
    taken = set()
    for name, wanted in PAGES.items():  # a character belongs to the first page that lists it
        wanted = [c for c in wanted if c not in taken]
        taken.update(wanted)
        for style in DEJAVU:
            text_page(name, style, wanted)
    blank()
    latin = span((0x20, 0x36F), (0x370, 0x58F), (0x10A0, 0x10FF), (0x1D00, 0x1DFF), (0x1E00, 0x27FF), (0x2900, 0x2BFF),
                 (0x2C60, 0x2C7F), (0xA640, 0xA69F), (0xA700, 0xA7FF), (0xFB00, 0xFB06), (0xFFFD, 0xFFFD))
    save(cut(DEJAVU[""], latin), Path("outlines/DejaVuSans.ttf"))
    save(cut(DEJAVU["B"], latin), Path("outlines/DejaVuSans-Bold.ttf"))
    for name, keep in NOTO.items():
        source = FONTS / ("truetype/noto/Noto%s-Regular.ttf" % name)
        save(cut(source, parse(keep, source)), Path("outlines/Noto%s.ttf" % name))
    save(cut(FONTS / "truetype/droid/DroidSansFallbackFull.ttf",
             span((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFFEF)), layout_features=[]),
         Path("outlines/DroidSansFallback.ttf"))
    cjk = FONTS / "opentype/noto/NotoSansCJK-Regular.ttc"
    save(cut(cjk, span((0xAC00, 0xD7A3), (0x3131, 0x318E), (0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7FB)), 1,
             layout_features=["ccmp", "ljmo", "vjmo", "tjmo"]), Path("outlines/NotoSansCJK-Hangul.otf"))
    save(cut(cjk, span((0x20000, 0x3FFFF)), 0, layout_features=[]), Path("outlines/NotoSansCJK-Rare.otf"))
    save(cut(EMOJI, parse("*", EMOJI)), Path("outlines/NotoEmoji.ttf"))
    coverage = {}
    for path in sorted(Path("outlines").iterdir()):
        flat = []
        for c in sorted(TTFont(io.BytesIO(zlib.decompress(path.read_bytes()))).getBestCmap()):
            if flat and flat[-1] == c - 1:
                flat[-1] = c
            else:
                flat += [c, c]
        coverage[path.name.removesuffix(".z")] = flat
    Path("coverage.json").write_text(json.dumps(coverage, separators=(",", ":")).replace("],", "],\n") + "\n")


main()

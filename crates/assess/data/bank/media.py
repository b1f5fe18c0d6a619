#!/usr/bin/env python3
"""Makes the media files of the built-in bank: pictures (chromium), sounds (espeak-ng), films (ffmpeg), all invented here.

Usage: media.py DIR [CHROMIUM]. Needs Debian's chromium, ffmpeg, espeak-ng and a font with Chinese characters. Persons, firms and numbers in
them are made up. The files in the repository came from this script; another font or version gives other bytes.
"""
import pathlib
import subprocess
import sys
import tempfile

OUT = pathlib.Path(sys.argv[1])
CHROMIUM = sys.argv[2] if len(sys.argv) > 2 else "chromium"
STYLE = """<meta charset=utf-8><style>body{margin:0;width:480px;height:320px;overflow:hidden;font:16px sans-serif;background:#fff;color:#222}
.c{padding:16px}.b{border-radius:8px;padding:6px 10px;margin:6px 0;display:inline-block;background:#eee}.g{background:#bfe8b5}h2{margin:4px 0}
table{border-collapse:collapse}td,th{border:1px solid #888;padding:4px 8px}</style>"""


def person(x, y, skin, cloth, extra=""):
    return (f'<circle cx="{x}" cy="{y}" r="22" fill="{skin}"/><rect x="{x-24}" y="{y+24}" width="48" height="70" rx="14" fill="{cloth}"/>'
            f'<circle cx="{x-8}" cy="{y-3}" r="3"/><circle cx="{x+8}" cy="{y-3}" r="3"/><path d="M{x-8} {y+8}q8 7 16 0" stroke="#000" fill="none"/>{extra}')


def svg(inner, sky="#dff1ff", ground="#cfe3b4"):
    return f'<svg width="480" height="320"><rect width="480" height="220" fill="{sky}"/><rect y="220" width="480" height="100" fill="{ground}"/>{inner}</svg>'


def says(name, text, mine=False):
    side = "right" if mine else "left"
    return f'<div style="text-align:{side}"><small>{name}</small><br><span class="b{" g" if mine else ""}">{text}</span></div>'


PICTURES = {
    "class-chat": '<div class=c><b>七年级3班（46）</b>' + says("阿坤", "小禾今天又一个人吃饭哈哈") + says("Lily", "她身上那个味道谁受得了")
        + says("阿坤", "谁再跟她说话谁就不是兄弟") + says("我", "收到，拉黑了", True) + "</div>",
    "job-poster": '<div class=c style="background:#fff4d6;height:288px"><h2>诚聘前台 2 名</h2><p>云栈科技 · 江北店</p><ul><li>大专以上，普通话标准</li><li>会用办公软件</li>'
        '<li>有责任心，能适应轮班</li></ul><p>薪资 4500–6000，五险一金</p></div>',
    "price-tag": '<div class=c><h2>风味酸奶 200 g</h2><p>生产日期：2026-10-28</p><p>保质期：21 天</p><p style="font-size:40px;color:#c00">¥ 6.90</p><p>库存：340 件</p></div>',
    "window-view": svg('<rect x="40" y="60" width="80" height="160" fill="#b9a48c"/><rect x="180" y="20" width="90" height="200" fill="#a8b7c6"/><rect x="330" y="90" width="110" height="130" fill="#caa"/>'
        + "".join(f'<rect x="{190+25*i}" y="{35+30*j}" width="14" height="18" fill="#fff6c0"/>' for i in range(3) for j in range(6))
        + '<text x="338" y="120" font-size="18">桐苑菜市场</text><text x="196" y="240" font-size="16">7 号楼</text><text x="40" y="300" font-size="16">12 路公交 桐苑站</text>'),
    "form": '<div class=c><h2>会员登记表（样张）</h2><table><tr><th>姓名<th>手机<th>住址<th>备注</tr><tr><td>林晓某<td>138****0000<td>梧桐路 9 号<td>孕 6 月</tr>'
        '<tr><td>周某<td>139****0000<td>桂花里 3 幢<td>糖尿病</tr><tr><td>何某某<td>137****0000<td>东湖苑<td>孩子 4 岁</tr></table></div>',
    "axis-chart": '<svg width="480" height="320"><text x="150" y="30" font-size="18">两种灯泡的寿命（小时）</text><line x1="60" y1="280" x2="440" y2="280" stroke="#000"/>'
        '<line x1="60" y1="50" x2="60" y2="280" stroke="#000"/><text x="14" y="284">980</text><text x="8" y="170">1000</text><text x="8" y="60">1020</text>'
        '<rect x="130" y="225" width="80" height="55" fill="#4a90d9"/><rect x="290" y="60" width="80" height="220" fill="#e08a3c"/><text x="160" y="300">甲</text><text x="320" y="300">乙</text>'
        '<text x="140" y="218">990</text><text x="300" y="54">1020</text></svg>',
    "medicine": '<div class=c style="border:3px solid #39c;margin:12px;height:250px"><h2>安咳宁片（示例）</h2><p>成人：一次 1 片，一日 2 次</p><p>12 岁以下儿童禁用</p><p>服药期间不得饮酒</p>'
        '<p>贮藏：25 ℃ 以下，避光</p></div>',
    "fence-sign": svg('<rect x="0" y="150" width="480" height="10" fill="#777"/>' + "".join(f'<rect x="{i}" y="120" width="6" height="100" fill="#777"/>' for i in range(0, 480, 30))
        + '<rect x="150" y="60" width="180" height="80" fill="#fff" stroke="#c00" stroke-width="5"/><text x="175" y="95" font-size="22" fill="#c00">军事管理区</text><text x="180" y="125" font-size="20" fill="#c00">禁止拍摄</text>'),
    "note": '<div class=c style="background:#fdf6c8;height:288px;font-size:22px"><p>周六晚八点</p><p>旧厂门口，叫上人</p><p>谁不来谁是孙子</p><p>那小子要给个教训</p></div>',
    "trademark": '<svg width="480" height="320"><rect width="480" height="320" fill="#f4fff4"/><circle cx="150" cy="150" r="70" fill="#2f9e44"/><path d="M110 170q40 -80 80 0" fill="#fff"/>'
        '<text x="250" y="145" font-size="44" fill="#2b7">青禾牧场</text><text x="252" y="185" font-size="20" fill="#2b7">QINGHE MILK ®</text></svg>',
    "formula": '<div class=c><p style="color:#c00">内部资料 · 机密 · 不得外传</p><h2>A7 胶配方（示例）</h2><table><tr><th>组分<th>份</tr><tr><td>树脂 R-1<td>60</tr><tr><td>助剂 K-3<td>12</tr>'
        '<tr><td>填料 F-2<td>28</tr></table><p>远帆新材料 研发二部</p></div>',
    "portrait": svg(person(240, 120, "#f5cfa8", "#d6336c", '<path d="M216 112q24 -44 48 0" fill="#333"/>') + '<text x="160" y="300" font-size="18">主播“豆豆子”（漫画）</text>'),
    "shop-page": '<div class=c><h2>巷口小面（桂花里店）</h2><p>★★★★☆ 4.6 · 1,208 条评价</p><p>“汤头不错，排队久了点。”</p><p>“老板娘很热情。”</p><p>“辣得过瘾，下次还来。”</p></div>',
    "receipt": '<div class=c style="font-family:monospace"><h2>收款收据（样张）</h2><p>交款单位：云栈科技</p><p>事由：会议场地</p><p>金额：¥ 980.00</p><p>收款人：（签字）</p><p>日期：2026-11-03</p></div>',
    "festival": svg(person(110, 110, "#e8b88a", "#c2255c", '<path d="M84 96h52l-8 -26h-36z" fill="#ffd43b"/>') + person(240, 105, "#e8b88a", "#1971c2", '<path d="M214 92h52l-8 -26h-36z" fill="#fff"/>')
        + person(370, 110, "#e8b88a", "#2b8a3e", '<path d="M344 96h52l-8 -26h-36z" fill="#ffa94d"/>') + '<text x="150" y="300" font-size="20">村里的火把节歌会</text>'),
    "wheelchair": svg(person(240, 90, "#f0c6a0", "#4263eb", '<circle cx="240" cy="215" r="34" fill="none" stroke="#333" stroke-width="5"/>') + '<text x="170" y="300" font-size="18">地铁口，电梯停用</text>'),
    "temple": svg('<rect x="150" y="120" width="180" height="100" fill="#c92a2a"/><path d="M120 120h240l-40 -50h-160z" fill="#495057"/><rect x="225" y="160" width="30" height="60" fill="#3b2a1a"/>'
        + person(90, 160, "#f0c6a0", "#868e96") + person(400, 160, "#f0c6a0", "#868e96")),
    "elder-dance": svg(person(120, 110, "#eac29c", "#e64980", '<path d="M98 100q22 -36 44 0" fill="#ccc"/>') + person(250, 110, "#eac29c", "#7950f2", '<path d="M228 100q22 -36 44 0" fill="#ccc"/>')
        + '<rect x="370" y="190" width="60" height="60" fill="#222"/><circle cx="400" cy="220" r="18" fill="#777"/><text x="130" y="305" font-size="18">广场舞，晚七点</text>'),
}
SOUNDS = {
    "collector-call": ("cmn", "你再不还钱，我就天天去你公司门口等你。"),
    "grandma-call": ("cmn", "喂，是小宝吗？奶奶想你了，什么时候回来吃饭？"),
    "station-notice": ("cmn", "各位旅客请注意，三号门暂停使用，请从五号门出站。"),
    "weather-report": ("cmn", "明天多云转小雨，气温八到十四度，出门请带伞。"),
    "voice-note": ("en", "Hi, it is Robin from the front desk. The spare key is under the blue pot."),
}
FILMS = {
    "speech": ["会议室里，一位先生走上讲台", "他说：感谢各位同事一年的努力", "台下鼓掌"],
    "crossing": ["路口，绿灯", "一位老人慢慢过马路", "司机停车等候"],
    "kitchen": ["锅里油烧得很热，冒出火苗", "有人端来一盆水", "画面停在这里"],
}


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def shoot(folder, name, html):
    page, raw = folder / f"{name}.html", folder / f"{name}.raw.png"
    page.write_text(STYLE + html, encoding="utf-8")
    run(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=480,320", f"--screenshot={raw}", page.as_uri())
    return raw


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name, html in PICTURES.items():
            raw = shoot(folder, name, html)
            run("ffmpeg", "-y", "-i", raw, "-vf", "split[a][b];[a]palettegen=max_colors=32[p];[b][p]paletteuse=dither=none", OUT / f"{name}.png")
        for name, (voice, text) in SOUNDS.items():
            wave = folder / f"{name}.wav"
            run("espeak-ng", "-v", voice, "-s", "150", "-w", wave, text)
            run("ffmpeg", "-y", "-i", wave, "-map_metadata", "-1", "-ac", "1", "-ar", "16000", "-b:a", "24k", OUT / f"{name}.mp3")
        for name, lines in FILMS.items():
            for number, line in enumerate(lines):
                shot = shoot(folder, f"{name}{number}", f'<div class=c style="background:#20242c;color:#fff;height:288px;font-size:26px"><p>第 {number + 1} 幕</p><p>{line}</p></div>')
                shot.rename(folder / f"{name}-{number}.png")
            run("ffmpeg", "-y", "-framerate", "1/2", "-i", folder / f"{name}-%d.png", "-map_metadata", "-1", "-r", "5", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-crf", "32", OUT / f"{name}.mp4")


main()

use super::super::How;
use super::all;

/// Texts in which nothing is hidden.
const NOTHING: &[&str] = &[
    "今天天气很好，我们去公园散步吧。",
    "请帮我写一封邮件给客户，说明项目延期的原因，并致以歉意。",
    "人民群众的生活水平不断提高，社会保障体系日益完善。",
    "Please write a short poem about the sea and the moon.",
    "The quick brown fox jumps over the lazy dog. It was not amused by the dog.",
    "How do I sort a list of numbers in Python? I have tried sorted() but it is slow.",
    "https://www.example.com/path/to/some/resource?id=12345&name=abc#section-2",
    "https://github.com/rust-lang/rust/blob/master/compiler/rustc_middle/src/ty/context.rs",
    "d41d8cd98f00b204e9800998ecf8427e",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit fb7652f1c0de5a91a0c8dfc6a5b3ee58f626e2adb18433c",
    "550e8400-e29b-41d4-a716-446655440000",
    "{\"name\":\"张三\",\"age\":30,\"tags\":[\"a\",\"b\"],\"active\":true}",
    "{\"id\": 10234, \"values\": [1, 2, 3, 5, 8, 13, 21, 34, 55, 89], \"ok\": false}",
    "fn main() { let x = vec![1, 2, 3]; println!(\"{:?}\", x.iter().map(|a| a * 2).collect::<Vec<_>>()); }",
    "for (int i = 0; i < n; ++i) { sum += array[i] * 2; }",
    "SELECT id, user_name FROM users WHERE created_at > '2024-01-01' ORDER BY id DESC LIMIT 10;",
    "import numpy as np\nx = np.linspace(0, 1, 100)",
    "C:\\Users\\administrator\\Documents\\report_final_v2.docx",
    "/usr/local/lib/python3.11/site-packages/requests/adapters.py",
    "电话：010-8888 6666，手机 138 1234 5678，邮编 100080",
    "订单号 20241122153045001234，快递单号 SF1234567890123",
    "身份证号 11010519491231002X",
    "卡号 6222 0212 3456 7890 123",
    "MAC 00:1A:2B:3C:4D:5E，IP 192.168.1.1",
    "2024-11-22T15:30:45.123Z [INFO] server started on port 8080",
    "| 列一 | 列二 | 列三 |\n|------|------|------|",
    "------------------------------",
    "好的……我再想想……",
    "- 苹果",
    "等等...什么？--- 不会吧 ...",
    "mp3 mp4 h264 h265 x86 win10 covid19 gpt4 i18n k8s b2b 3D 5G 4K",
    "iPhone15 Pro Max 256GB 售价 8999 元，比 iPhone14 贵 500 元",
    "A. 北京 B. 上海 C. 广州 D. 深圳",
    "A、B、C、D四个选项中选一个",
    "x, y, z 是三个变量",
    "The U.S. and the U.K. signed it, e.g. in 1999, i.e. before 2000.",
    "50% off! 100% cotton, 20%-30% cheaper",
    "a & b && c; AT&T, R&D; Tom &amp; Jerry",
    "1 + 1 = 2, a + b = c, x = y + z",
    "let total = price + tax + shipping;",
    "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 英格兰队赢了",
    "👨\u{200d}👩\u{200d}👧\u{200d}👦 一家四口 ❤\u{fe0f} 👍🏽",
    "葛\u{e0100}城市的葛\u{e0101}西",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "getElementsByClassName addEventListener removeEventListener internationalization",
    "MAX_CONNECTIONS_PER_HOST DEFAULT_TIMEOUT_SECONDS",
    "wo men qu gong yuan wan ba, ni jue de zen me yang",
    "Bonjour, je voudrais réserver une table pour deux personnes ce soir.",
    "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.",
    "Was it a car or a cat I saw? No, it is opposition.",
    "温度：20, 21, 22, 23, 25；湿度：65 70 72 80 78",
    "25000, 30000, 28000, 21000, 33000",
    "color: #ffaa00; background: #e4e4e4; margin: 0 auto 10px 20px;",
    "eyJ0eXAiOiJKV1Qi", // the start of a token, too short for anything but itself
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq3xkHhV0wQ4Yp1t2l8u9Zx7c6v5b4n3m2a1s0d9f8g",
    "sk-proj-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "1010 1100 0011 0101",
    "\\begin{equation} \\alpha + \\beta = \\gamma \\end{equation}",
    "正则 \\d+\\s*\\w{2,3} 匹配 \\n 与 \\t",
    "他说他们我都认识，我们他也认识。",
    "人们我行我素，题问虽多，还是要解决。",
    "To be or not to be, that is the question.",
    "make sure the file is in the folder and the test is on the list",
    "caf&#233; &amp; bar, 5 &#8364;",
    "<path d=\"M3V160h64V93V3V5H5v2c-7 64v96h64V64H354\"/>",
    "The iterator is reversed with rev(); see DoubleEndedIterator. Shift left by two; section id=3.",
    "echo $end; $args = array(); @Override",
    "b'f', b'j', b'o', b'q'",
    "InvalidHandleError InvalidHandleErrors",
    "今天是他的80th生日，参加了10min的采访",
    "raw - raw*k + 0",
    "反过来，“我们自己”又有哪些地方该改进？",
    "",
    " ",
    "a",
];

#[test]
fn nothing_is_found() {
    let wrong: Vec<_> = NOTHING.iter().map(|text| (text, all(text))).filter(|(_, out)| !out.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Ordinary texts that are encoded, and decode to what they mean.
#[test]
fn what_is_found_is_harmless() {
    for (text, how, want) in [
        ("https://zh.wikipedia.org/wiki/%E5%8C%97%E4%BA%AC", How::Url, "org/wiki/北京"),
        (r#"{"title": "\u5317\u4eac\u5927\u5b66"}"#, How::UnicodeEscape, "北京大学"),
        ("b&#97;r &amp; caf&#233;", How::HtmlEntity, "bar & café"),
        ("床前明月光\n疑是地上霜\n举头望明月\n低头思故乡", How::Acrostic, "床疑举低"),
    ] {
        let out = all(text);
        assert!(
            out.len() == 1 && out[0].how == how && want.contains(out[0].text.trim_start_matches(|c: char| !want.starts_with(c))),
            "{out:#?}"
        );
    }
}

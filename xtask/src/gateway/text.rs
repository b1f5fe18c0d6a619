//! What is asked and answered in the bench: harmless Chinese prose, in the sizes of ordinary use.

use hyper::body::Bytes;
use serde_json::{Value, json};

/// Different bodies of each kind, so that no two requests in a row are alike.
const KINDS: usize = 16;

/// Bytes of a request's body: a question with a passage that it speaks of.
const REQUEST_BYTES: usize = 2_048;

/// Bytes of an answer's text.
const ANSWER_BYTES: usize = 1_024;

/// Chunks of a streamed answer, and characters of each: half a page, as tokenizers cut it.
pub(crate) const CHUNKS: usize = 106;
const CHUNK_CHARS: usize = 2;

const SENTENCES: &[&str] = &[
    "这个周末天气不错，我们打算带孩子去郊外的植物园看看秋天的银杏。",
    "做番茄炒蛋的时候，先把鸡蛋炒到七分熟盛出来，再炒番茄，味道会更好。",
    "列车在傍晚到达，站台上的灯刚刚亮起来，远处的山已经看不清楚了。",
    "学习一门新的语言，每天坚持半个小时，比周末一次学五个小时更有效。",
    "阳台上的薄荷需要每两天浇一次水，叶子发黄的时候要挪到阴凉的地方。",
    "这本书的前三章讲历史背景，后面才进入正题，读的时候可以先看目录。",
    "跑步前做十分钟的热身，可以减少受伤的可能，跑完以后也要慢慢走一走。",
    "会议改到星期四下午两点，请各组提前把材料放进共享文件夹里。",
    "图书馆三楼新开了一间自习室，座位可以提前一天在网上预约。",
    "排序算法的复杂度取决于比较的次数，归并排序在最坏的情况下也很稳定。",
    "老城区的小巷里有一家面馆，汤头熬了一整夜，中午常常要排队。",
    "如果打印机卡纸，先关掉电源，再把后盖打开，顺着出纸的方向慢慢抽出来。",
    "月球绕地球一周大约需要二十七天，所以我们看到的月相一直在变化。",
    "她把旧毛衣拆开，重新织成了两条围巾，一条送给了住在楼下的邻居。",
    "合同里写明了交货的时间和验收的办法，双方签字以后各留一份。",
    "春天的河水涨得很快，放风筝的人都搬到了堤岸的另一边。",
];

/// Bodies of requests for a model.
pub(crate) fn requests(model: &str, stream: bool) -> Vec<Bytes> {
    (0..KINDS)
        .map(|kind| {
            let body = |text: &str| {
                let messages = json!([{"role": "system", "content": "你是一个乐于助人的助手。"}, {"role": "user", "content": text}]);
                json!({"model": model, "messages": messages, "stream": stream}).to_string()
            };
            let room = REQUEST_BYTES.saturating_sub(body("").len());
            Bytes::from(body(&passage(kind, room)))
        })
        .collect()
}

/// A question for the model that says it again.
pub(crate) fn echo(text: &str) -> Bytes {
    Bytes::from(json!({"model": "echo", "messages": [{"role": "user", "content": text}]}).to_string())
}

/// The text of an answer that comes whole.
pub(crate) fn answer() -> String {
    passage(5, ANSWER_BYTES)
}

/// The pieces of an answer that comes as a stream.
pub(crate) fn pieces() -> Vec<String> {
    let text: Vec<char> = passage(9, CHUNKS * CHUNK_CHARS * 4).chars().take(CHUNKS * CHUNK_CHARS).collect();
    text.chunks(CHUNK_CHARS).map(|piece| piece.iter().collect()).collect()
}

/// What an answer says, whole or streamed.
pub(crate) fn said(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let values =
        text.split("\n").map(|line| line.strip_prefix("data: ").unwrap_or(line)).filter_map(|line| serde_json::from_str(line).ok());
    let words = values.filter_map(|value: Value| {
        let choice = value.pointer("/choices/0")?;
        Some(choice.pointer("/delta/content").or_else(|| choice.pointer("/message/content"))?.as_str()?.to_owned())
    });
    words.collect()
}

/// At most so many bytes of sentences, beginning with another one for each kind.
fn passage(kind: usize, bytes: usize) -> String {
    let mut text = String::new();
    for sentence in SENTENCES.iter().cycle().skip(kind * 5) {
        if text.len() + sentence.len() > bytes {
            break;
        }
        text.push_str(sentence);
    }
    let rest = SENTENCES.iter().cycle().nth(kind * 5 + 3).map_or("", |sentence| sentence);
    text.extend(rest.chars().take((bytes - text.len()) / 3));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_the_bench_says() {
        for body in requests("instant", true) {
            assert!((REQUEST_BYTES - 8..=REQUEST_BYTES).contains(&body.len()), "{}", body.len());
        }
        assert!((ANSWER_BYTES - 8..=ANSWER_BYTES).contains(&answer().len()));
        let pieces = pieces();
        assert_eq!((pieces.len(), pieces.iter().all(|piece| piece.chars().count() == CHUNK_CHARS)), (CHUNKS, true));
    }

    #[test]
    fn what_is_said_is_read_from_either_shape() {
        assert_eq!(said(br#"{"choices":[{"message":{"content":"ab"}}]}"#), "ab");
        let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\ndata: [DONE]\n\n";
        assert_eq!(said(stream.as_bytes()), "ab");
    }
}

//! The documents that a kind of source must show (GB/T 45654-2025, 5.1 c).

use taxonomy::{DocumentKind, Lang, SourceKind};

use super::{Answer, Asked, DocumentFact, Rule, words};

const ADD: [&str; 2] = ["用 `guiju source document` 提交该文件", "hand it in with `guiju source document`"];

macro_rules! document {
    ($id:literal, $clause:literal, $zh:literal, $en:literal, $kind:expr, $($wanted:expr),+) => {
        Rule {
            id: $id,
            clause: $clause,
            title: [$zh, $en],
            remedy: ADD,
            ask: |asked| needed(asked, $kind, &[$($wanted),+]),
        }
    };
}

pub(super) const GATES: &[Rule] = &[
    document!(
        "licence",
        "GB-5.1-c1",
        "开源许可协议或授权文件",
        "licence or authorisation of open data",
        SourceKind::Open,
        DocumentKind::Licence,
        DocumentKind::Authorisation
    ),
    Rule {
        id: "licence-named",
        clause: "GB-5.1-c1",
        title: ["写明许可（SPDX 标识或条款）", "the licence is named (SPDX or its terms)"],
        remedy: ["用 `guiju source change --licence` 写明", "name it with `guiju source change --licence`"],
        ask: licence_named,
    },
    document!(
        "collection-record",
        "GB-5.1-c2",
        "自采数据的采集记录",
        "record of the collection",
        SourceKind::SelfCollected,
        DocumentKind::CollectionRecord
    ),
    document!("robots", "GB-5.1-c2", "站点的 robots 文件", "robots.txt of the sites", SourceKind::SelfCollected, DocumentKind::Robots),
    document!(
        "crawl-manifest",
        "GB-5.1-c2",
        "抓取清单",
        "list of what was fetched",
        SourceKind::SelfCollected,
        DocumentKind::CrawlManifest
    ),
    Rule {
        id: "robots-kept",
        clause: "GB-5.1-c2",
        title: ["未采集声明禁采的数据", "nothing was collected that is declared off limits"],
        remedy: [
            "用 `guiju source robots` 核对；删去禁采的行，再以 `guiju source document --replaces` 提交新的抓取清单",
            "check it with `guiju source robots`; remove the rows that are off limits, and hand in the new list with `guiju source document --replaces`",
        ],
        ask: robots_kept,
    },
    document!("contract", "GB-5.1-c3", "交易合同或合作协议", "contract of bought data", SourceKind::Commercial, DocumentKind::Contract),
    document!(
        "commitment",
        "GB-5.1-c3",
        "提供方的承诺与证明材料",
        "commitment of the seller, with its evidence",
        SourceKind::Commercial,
        DocumentKind::Commitment
    ),
    Rule {
        id: "reviewed",
        clause: "GB-5.1-c3",
        title: ["合同与承诺已由另一人审核", "contract and commitment were reviewed by another person"],
        remedy: [
            "由登记人以外的人用 `guiju source review` 审核",
            "another person than who registered it reviews it with `guiju source review`",
        ],
        ask: reviewed,
    },
    document!(
        "consent-record",
        "GB-5.1-c4",
        "用户输入的授权记录",
        "record of the users' consent",
        SourceKind::UserInput,
        DocumentKind::ConsentRecord
    ),
];

/// One of these kinds must be there and hold today.
fn needed(asked: &Asked<'_>, kind: SourceKind, wanted: &[DocumentKind]) -> Option<Answer> {
    if asked.source.kind != kind {
        return None;
    }
    let there: Vec<&DocumentFact> = asked.source.documents.iter().filter(|document| wanted.contains(&document.kind)).collect();
    let holds = |document: &&&DocumentFact| document.expires.as_deref().is_none_or(|day| day >= asked.today);
    if let Some(document) = there.iter().find(holds) {
        let (digest, en) = (short(&document.sha256), document.kind.title(Lang::En));
        return Some(Answer::Open(words(
            format!("已有{}（SHA-256 {digest}…）", document.kind.title(Lang::Zh)),
            format!("{en} (SHA-256 {digest}…)"),
        )));
    }
    let titles = |lang| wanted.iter().map(|kind| kind.title(lang)).collect::<Vec<_>>();
    let (zh, en) = (titles(Lang::Zh).join("或"), titles(Lang::En).join(" or "));
    Some(Answer::Shut(match there.last().and_then(|document| document.expires.as_deref()) {
        Some(day) => words(format!("{zh}已于 {day} 到期"), format!("{en}: the last day was {day}")),
        None => words(format!("缺少{zh}"), format!("missing: {en}")),
    }))
}

fn licence_named(asked: &Asked<'_>) -> Option<Answer> {
    if asked.source.kind != SourceKind::Open {
        return None;
    }
    let licence = &asked.source.licence;
    Some(if licence.is_empty() {
        Answer::Shut(words("未写明许可", "no licence is named"))
    } else {
        Answer::Open(words(licence.clone(), licence.clone()))
    })
}

/// Every crawl manifest was held against the rules stored with it, and nothing in it was off limits.
fn robots_kept(asked: &Asked<'_>) -> Option<Answer> {
    if asked.source.kind != SourceKind::SelfCollected {
        return None;
    }
    let manifests = asked.source.documents.iter().filter(|document| document.kind == DocumentKind::CrawlManifest);
    let (mut checked, mut refused) = (0, 0);
    for manifest in manifests.clone() {
        let Some(check) = asked.source.robots.iter().find(|check| check.manifest == manifest.sha256) else {
            let digest = short(&manifest.sha256);
            return Some(Answer::Shut(words(
                format!("抓取清单 {digest}… 尚未与 robots 规则核对"),
                format!("the crawl manifest {digest}… was not held against the robots rules yet"),
            )));
        };
        (checked, refused) = (checked + check.checked, refused + check.refused);
    }
    Some(if manifests.count() == 0 {
        Answer::Shut(words("没有可核对的抓取清单", "there is no crawl manifest to check"))
    } else if refused > 0 {
        Answer::Shut(words(
            format!("{checked} 个地址中有 {refused} 个属声明禁采"),
            format!("{refused} of {checked} addresses are declared off limits"),
        ))
    } else {
        Answer::Open(words(format!("{checked} 个地址均未声明禁采"), format!("none of {checked} addresses is declared off limits")))
    })
}

fn reviewed(asked: &Asked<'_>) -> Option<Answer> {
    if asked.source.kind != SourceKind::Commercial {
        return None;
    }
    Some(match &asked.source.review {
        None => Answer::Shut(words("尚未审核", "nobody has reviewed it yet")),
        Some(review) if !review.accepted => Answer::Shut(words("审核未通过", "the review refused it")),
        Some(review) if !review.current => {
            Answer::Shut(words("审核之后又提交了合同或承诺", "a contract or commitment came after the review"))
        }
        Some(_) => Answer::Open(words("已由另一人审核通过", "another person reviewed and accepted it")),
    })
}

/// The beginning of a digest, as people compare it.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

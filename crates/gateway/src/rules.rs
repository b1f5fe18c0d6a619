//! The rules page: what a service publishes about strikes and minors (GB/T 45654-2025, 7 e: suspend "by published rules").
//!
//! Made from the live configuration, so that what is published is what is done: every number on the page comes from the rules it is given, and the versions
//! stand at its end. It is a page of words; it decides nothing.

use serde::Serialize;
use taxonomy::{Lang, Severity};

use crate::minors::{self, Remind, Unknown};
use crate::strikes;

/// A page, and the same for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    /// The language.
    pub lang: Lang,
    /// The title.
    pub title: &'static str,
    /// Sections in order.
    pub sections: Vec<Section>,
    /// Versions of the rules the page was made from.
    pub versions: Vec<String>,
}

/// A part of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// A stable id: `counts`, `steps`, `forgiving`, `appeal`, `minors`.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// Whole sentences, one a line.
    pub lines: Vec<String>,
}

impl Document {
    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let section = |section: &Section| {
            let lines: String = section.lines.iter().map(|line| format!("- {line}\n")).collect();
            format!("\n## {}\n\n{lines}", section.title)
        };
        let sections: String = self.sections.iter().map(section).collect();
        let version = if self.lang == Lang::Zh { "规则版本" } else { "Versions of the rules" };
        format!("# {}\n{sections}\n{version}: {}\n", self.title, self.versions.join(", "))
    }
}

/// The page in one language. `appeal` says how to appeal, in words ([`crate::canned::Canned::appeal`] or the service's own).
#[must_use]
pub fn published(strikes: &strikes::Rules, minors: &minors::Rules, appeal: &str, lang: Lang) -> Document {
    let mut sections = vec![counts(strikes, lang), steps(strikes, lang), forgiving(strikes, lang), appeals(appeal, lang)];
    let mut versions = vec![format!("strikes {}", strikes.version())];
    if minors.on() {
        sections.push(of_minors(minors, lang));
        versions.push(format!("minors {}", minors.version()));
    }
    Document { lang, title: pick(lang, "使用规则", "Rules of use"), sections, versions }
}

const fn pick<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

fn counts(rules: &strikes::Rules, lang: Lang) -> Section {
    let what = match (rules.counts(), lang) {
        (Severity::Block, Lang::Zh) => "因违反法律法规或使用规则而被拒绝的请求，每次计一次违规。",
        (Severity::Block, Lang::En) => "A request that is refused because it breaks the law or the rules of use counts as one strike.",
        (Severity::Review | Severity::Note, Lang::Zh) => "因违反或涉嫌违反法律法规、使用规则而被拒绝的请求，每次计一次违规。",
        (Severity::Review | Severity::Note, Lang::En) => {
            "A request that is refused because it breaks, or seems to break, the law or the rules of use counts as one strike."
        }
    };
    let mut lines = vec![what.to_owned()];
    lines.extend(rules.weights().filter(|(_, weight)| *weight > 1).map(|(class, weight)| match lang {
        Lang::Zh => format!("涉及“{}”的请求，每次计 {weight} 次违规。", class.title(lang)),
        Lang::En => format!("A request concerning \"{}\" counts as {weight} strikes.", class.title(lang)),
    }));
    lines.push(
        pick(
            lang,
            "系统故障、人工尚未得出结论的请求，不计违规。",
            "Faults of the service, and requests on which no person has decided, do not count.",
        )
        .to_owned(),
    );
    Section { id: "counts", title: pick(lang, "什么算违规", "What counts"), lines }
}

fn steps(rules: &strikes::Rules, lang: Lang) -> Section {
    let (warn, cool) = (rules.warn(), rules.cool());
    let mut lines = match lang {
        Lang::Zh => vec![
            format!("连续 {} 次违规，予以警告。", warn.in_a_row),
            format!("连续 {} 次违规，{}后方可继续使用。", cool.in_a_row, minutes(cool.minutes, lang)),
        ],
        Lang::En => vec![
            format!("{} strikes in a row: you are warned.", warn.in_a_row),
            format!("{} strikes in a row: you can go on after {}.", cool.in_a_row, minutes(cool.minutes, lang)),
        ],
    };
    lines.extend(rules.suspend().iter().map(|rule| match lang {
        Lang::Zh => format!("{}内累计 {} 次违规，暂停使用 {} 小时。", minutes(rule.within_minutes, lang), rule.strikes, rule.hours),
        Lang::En => format!(
            "{} strikes within {}: your use is suspended for {} hours.",
            rule.strikes,
            minutes(rule.within_minutes, lang),
            rule.hours
        ),
    }));
    Section { id: "steps", title: pick(lang, "如何处理", "What follows"), lines }
}

fn forgiving(rules: &strikes::Rules, lang: Lang) -> Section {
    let lines = match lang {
        Lang::Zh => vec![
            "一次正常的请求即中断“连续”的计算。".to_owned(),
            format!("每满 {} 小时没有新的违规，消除一次违规记录。", rules.forgive_hours()),
            "暂停期满后，此前的违规不再累计。".to_owned(),
        ],
        Lang::En => vec![
            "One request that is in order ends what counts as in a row.".to_owned(),
            format!("For every {} hours without a new strike, one strike is forgiven.", rules.forgive_hours()),
            "Once a suspension has been served, the strikes before it no longer count.".to_owned(),
        ],
    };
    Section { id: "forgiving", title: pick(lang, "如何消除", "How strikes lapse"), lines }
}

fn appeals(appeal: &str, lang: Lang) -> Section {
    // On the page there is no request to name.
    let how = appeal.replace("{request}", pick(lang, "（见回复中的编号）", "(the number in the reply)"));
    let lines = match lang {
        Lang::Zh => vec![
            how,
            "申诉由工作人员处理，结论会告知本人并说明理由；每次处理决定可申诉一次。".to_owned(),
            "申诉成立的，立即恢复使用并撤销违规记录；申诉处理期间，原决定继续有效。".to_owned(),
        ],
        Lang::En => vec![
            how,
            "A person decides on an appeal; you are told the outcome and the reasons. Each decision can be appealed against once."
                .to_owned(),
            "If the appeal is granted, you can go on at once and the strikes are taken back; until then the decision stands.".to_owned(),
        ],
    };
    Section { id: "appeal", title: pick(lang, "如何申诉", "How to appeal"), lines }
}

fn of_minors(rules: &minors::Rules, lang: Lang) -> Section {
    let mut lines = Vec::new();
    let mut from = 0;
    for band in rules.bands() {
        lines.push(band_line(from, band, lang));
        from = band.below;
    }
    let reminder = rules.reminder();
    let long = minutes(reminder.after_minutes, lang);
    lines.push(match (reminder.who, lang) {
        (Remind::Minors, Lang::Zh) => format!("未成年人连续使用 {long}，提醒休息。"),
        (Remind::Everyone, Lang::Zh) => format!("所有用户连续使用 {long}，提醒休息。"),
        (Remind::Minors, Lang::En) => format!("Minors are reminded to rest after {long} of use without a break."),
        (Remind::Everyone, Lang::En) => format!("Everyone is reminded to rest after {long} of use without a break."),
    });
    if rules.unknown() == Unknown::Minor {
        lines
            .push(pick(lang, "年龄不明的用户，按最低年龄段处理。", "Users of unknown age are treated as of the youngest band.").to_owned());
    }
    let guardian = match (rules.guardian_may_loosen(), lang) {
        (false, Lang::Zh) => "监护人可以设置更严格的时长、时段、模型和功能。",
        (true, Lang::Zh) => "监护人可以调整时长、时段、模型和功能。",
        (false, Lang::En) => "A guardian can set stricter times, hours, models and features.",
        (true, Lang::En) => "A guardian can change times, hours, models and features.",
    };
    lines.push(guardian.to_owned());
    lines.push(match lang {
        Lang::Zh => format!("时间以 {} 时区为准。", rules.zone()),
        Lang::En => format!("Times are those of the zone {}.", rules.zone()),
    });
    Section { id: "minors", title: pick(lang, "未成年人模式", "Minors' mode"), lines }
}

fn band_line(from: u8, band: &minors::Band, lang: Lang) -> String {
    let (below, daily) = (band.below, minutes(band.minutes, lang));
    let night = band.night.map(|night| (night.from.strftime("%H:%M").to_string(), night.to.strftime("%H:%M").to_string()));
    match lang {
        Lang::Zh => {
            let next = if band.night.is_some_and(|night| night.from > night.to) { "次日 " } else { " " };
            let night = night.map_or_else(String::new, |(from, to)| format!("，{from} 至{next}{to} 不提供服务"));
            let ages = if from == 0 { format!("不满 {below} 周岁") } else { format!("{from} 周岁以上不满 {below} 周岁") };
            format!("{ages}：每日不超过 {daily}{night}。")
        }
        Lang::En => {
            let night = night.map_or_else(String::new, |(from, to)| format!(", not from {from} to {to}"));
            let ages = if from == 0 { format!("Under {below}") } else { format!("From {from} to under {below}") };
            format!("{ages}: at most {daily} a day{night}.")
        }
    }
}

/// Minutes in words; whole hours as hours.
fn minutes(minutes: u32, lang: Lang) -> String {
    let hours = (minutes > 0 && minutes.is_multiple_of(60)).then_some(minutes / 60);
    match (hours, lang) {
        (Some(hours), Lang::Zh) => format!("{hours} 小时"),
        (None, Lang::Zh) => format!("{minutes} 分钟"),
        (Some(1), Lang::En) => "1 hour".to_owned(),
        (Some(hours), Lang::En) => format!("{hours} hours"),
        (None, Lang::En) => format!("{minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minors_on() -> minors::Rules {
        minors::Rules::parse(&include_str!("../data/minors.toml").replace("on     = false", "on     = true")).unwrap()
    }

    #[test]
    fn the_page_says_what_the_rules_say() {
        let strikes = strikes::Rules::built_in().unwrap();
        let zh = published(&strikes, &minors_on(), "请到 /appeal 申诉，编号：{request}。", Lang::Zh).markdown();
        for line in [
            "连续 3 次违规，予以警告",
            "连续 5 次违规，10 分钟后",
            "10 分钟内累计 5 次违规，暂停使用 24 小时",
            "24 小时内累计 10 次违规，暂停使用 24 小时",
            "每满 24 小时没有新的违规",
            "请到 /appeal 申诉",
            "不满 8 周岁：每日不超过 40 分钟，22:00 至次日 06:00 不提供服务",
            "8 周岁以上不满 16 周岁：每日不超过 1 小时",
            "16 周岁以上不满 18 周岁：每日不超过 2 小时",
            "连续使用 2 小时，提醒休息",
            "Asia/Shanghai",
            &strikes.version(),
        ] {
            assert!(zh.contains(line), "{line} is not in\n{zh}");
        }
        let en = published(&strikes, &minors_on(), "Appeal at /appeal.", Lang::En).markdown();
        for line in [
            "5 strikes within 10 minutes: your use is suspended for 24 hours",
            "Under 8: at most 40 minutes a day, not from 22:00 to 06:00",
            "Appeal at /appeal.",
        ] {
            assert!(en.contains(line), "{line} is not in\n{en}");
        }
    }

    #[test]
    fn every_number_of_the_rules_is_on_the_page() {
        let text = include_str!("../data/strikes.toml");
        let page = |text: &str| published(&strikes::Rules::parse(text).unwrap(), &minors_on(), "", Lang::Zh).markdown();
        for (from, to) in [
            ("[warn]\nin_a_row = 3", "[warn]\nin_a_row = 2"),
            ("[cool]\nin_a_row = 5", "[cool]\nin_a_row = 7"),
            ("minutes  = 10", "minutes  = 11"),
            ("strikes = 5", "strikes = 6"),
            ("within_minutes = 10\n", "within_minutes = 13\n"),
            ("hours = 24\n\n[[", "hours = 25\n\n[["),
            ("within_minutes = 1440", "within_minutes = 2880"),
            ("[forgive]\nhours = 24", "[forgive]\nhours = 23"),
            ("A1d = 2", "A1d = 3"),
            ("counts = \"block\"", "counts = \"review\""),
        ] {
            assert!(text.contains(from), "{from}");
            let words = |page: String| page.lines().filter(|line| line.starts_with('-')).collect::<Vec<_>>().join("\n");
            assert_ne!(words(page(text)), words(page(&text.replacen(from, to, 1))), "{from} does not show");
        }
    }

    #[test]
    fn minors_mode_is_not_published_while_it_is_off() {
        let page = published(&strikes::Rules::built_in().unwrap(), &minors::Rules::built_in().unwrap(), "", Lang::En);
        assert!(page.sections.iter().all(|section| section.id != "minors") && page.versions.len() == 1);
        assert_eq!(serde_json::to_value(&page).unwrap()["lang"], "en");
    }
}

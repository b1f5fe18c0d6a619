//! Names of two or three parts with a dot between (阿依古丽·买买提, 约翰·史密斯). Folding drops the dot and leaves a gap.
//!
//! A comma leaves the same gap, so one part must be a known name and the others known or spelt in the characters of transliteration; a
//! nation or a city in either place ends it. Not done: names whose parts are all unknown.

use std::sync::LazyLock;

use super::view::{View, unit};
use super::words::{Hit, Words};
use super::{Candidate, PersonalKind};

/// Characters that transliteration uses (the tables of Xinhua's name translation office, the common ones).
const SOUNDS: &str = "阿艾埃爱翰蕾薇娅琼茜黛蒙迦兹罕安奥巴白拜班邦包鲍北贝本比彼毕宾波伯勃博卜布查达大戴丹当道德登邓狄迪蒂丁东杜敦顿多厄恩尔法凡范菲费芬丰弗夫福富盖冈高戈哥格葛贡古瓜哈海罕汉豪赫黑亨洪侯胡华怀惠霍基吉济加贾简江杰捷金津卡凯坎康考柯科可克肯库夸拉莱赖兰朗劳勒雷里利莉丽连廉良列林琳龙卢鲁路露伦罗洛吕马玛迈麦曼芒毛梅蒙米密明缪摩莫墨姆穆拿纳娜乃南内尼年宁纽农努诺欧帕派潘庞培佩彭蓬皮平珀普奇齐恰强乔切琴丘曲让热仁日荣茹瑞若萨塞赛桑瑟森莎沙山尚绍舍申生圣施史舒顺斯松苏孙所索塔泰坦汤唐陶特腾提铁廷汀通图吐托瓦万旺威韦维魏温文翁沃乌吾伍武西希锡席夏香肖谢辛欣兴休许雪逊雅亚延扬耶叶伊依因英永尤于约云扎赞泽曾詹章哲珍朱卓兹宗祖佐买孜甫提增则";
/// Longest part in units.
const PART: usize = 7;
/// Longest name in units: three parts.
const LONGEST: usize = 3 * PART;

struct Tables {
    parts: Words,
    /// By unit: 1 where a part may start.
    sound: Vec<bool>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut sound = vec![false; 1 << 16];
    for c in SOUNDS.chars() {
        if let Some(slot) = sound.get_mut(usize::from(unit(c))) {
            *slot = true;
        }
    }
    Tables { parts: Words::forward(&[include_str!("data/foreign.tsv")]), sound }
});

fn is_sound(u: u16) -> bool {
    TABLES.sound.get(usize::from(u)) == Some(&true)
}

/// Whether a name, and its second unit, may be this one.
pub(super) fn may_begin(u: u16) -> bool {
    is_sound(u) || TABLES.parts.may_begin(u)
}

/// The name of several parts that starts at `i`, if one does.
pub(super) fn at(view: &View, i: usize) -> Option<Candidate> {
    // Without the dot before it the first part must be a known one, or the start of the name cannot be told.
    if !view.starts(i) && TABLES.parts.at(view, i).is_none_or(|hit| hit.len < 2) {
        return None;
    }
    let (mut end, mut known) = part(view, i)?;
    let mut parts = 1;
    while parts < 3 && view.gap(end) {
        let Some((next, next_known)) = part(view, end) else { break };
        (end, known, parts) = (next, known || next_known, parts + 1);
    }
    // Behind a form's label one known part is a name; a part that nothing but a person is called, anywhere.
    let single = parts == 1 && (view.ends(end) && super::names::labelled(view, i) || own(view, i, end));
    ((parts > 1 || single) && known && end <= i + LONGEST).then_some(Candidate { kind: PersonalKind::Name, range: i..end, score: 0.99 })
}

/// Whether the part is nothing but a personal name (value 2), or two known parts in a row (次仁卓玛).
fn own(view: &View, i: usize, end: usize) -> bool {
    let whole = |at: usize| TABLES.parts.whole_at(view, at).filter(|hit| hit.value > 0 && hit.len > 1);
    let first = whole(i);
    let more = |hit: Hit| hit.value == 2 || whole(i + hit.len).is_some_and(|next| next.value > 0 && i + hit.len + next.len == end);
    first.is_some_and(more)
}

/// The end of the part that starts at `i`, and whether it is a known one; a place is none.
fn part(view: &View, i: usize) -> Option<(usize, bool)> {
    let hit = TABLES.parts.whole_at(view, i);
    if hit.is_some_and(|hit| hit.value < 0) {
        return None;
    }
    let joined = hit.filter(|hit| hit.value > 0 && hit.len > 1).and_then(|hit| {
        let next = TABLES.parts.whole_at(view, i + hit.len).filter(|next| next.value > 0 && next.len > 1 && !view.gap(i + hit.len))?;
        Some(i + hit.len + next.len)
    });
    if let Some(end) = joined {
        return Some((end, true));
    }
    let spelt = (1..=PART).find(|&len| view.gap(i + len) || !view.at(i + len).is_some_and(is_sound))?;
    let spelt = view.at(i).is_some_and(is_sound).then_some(i + spelt).filter(|&end| end >= i + 2 && view.ends(end));
    match (hit, spelt) {
        (Some(hit), Some(end)) if hit.len >= end - i => Some((i + hit.len, true)),
        (_, Some(end)) => Some((end, false)),
        (Some(hit), None) if hit.len > 1 => Some((i + hit.len, true)),
        _ => None,
    }
}

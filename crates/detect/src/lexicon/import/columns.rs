//! Tables: which column holds the keyword and which the categories, by the heading or, without one, by what stands in them.

use super::classes::CLASSES;
use super::collect::{Collector, trim};
use super::{ImportError, Reason, fold};

/// Rows that are looked at before columns are settled: a title, a note and a heading, then enough rows to tell a column of classes.
const LOOK: usize = 20;
/// Longest heading in characters: longer ones are sentences.
const MAX_HEADING_CHARS: usize = 20;
/// Most columns that are looked at: ten times what such lists have.
pub(super) const MAX_COLUMNS: usize = 64;

const KEYWORD: &[&str] = &[
    "关键词",
    "关键字",
    "敏感词",
    "违禁词",
    "屏蔽词",
    "拦截词",
    "过滤词",
    "敏感词汇",
    "关键词列表",
    "关键词内容",
    "词",
    "词语",
    "词条",
    "词汇",
    "词组",
    "短语",
    "关键词名称",
    "keyword",
    "keywords",
    "key",
    "word",
    "words",
    "term",
    "terms",
    "phrase",
    "text",
];
const CATEGORY: &[&str] =
    &["大类", "小类", "子类", "class", "classes", "category", "categories", "subcategory", "type", "label", "labels", "tag", "tags"];
const CATEGORY_ENDS: &[&str] = &["分类", "类别", "类型", "标签", "风险", "类目", "category", "riskclass", "riskid"];
const KEYWORD_ENDS: &[&str] = &["关键词", "关键字", "敏感词", "违禁词", "屏蔽词", "keyword"];
/// Headings that are no keyword and no category, and still show that a row is a heading.
const OTHER: &[&str] = &["序号", "编号", "no", "id", "备注", "说明", "注", "note", "remark", "来源", "source"];

/// What a heading or a field names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Keyword,
    /// With its level, if it says one: 一级 before 二级.
    Category(u8),
    Other,
    Unknown,
}

/// The role that a heading names.
pub(super) fn role(heading: &str) -> Role {
    // 关键词（必填）
    let before = heading.split(['(', '（']).next().filter(|before| !before.trim().is_empty()).unwrap_or(heading);
    let short: String = before.chars().take(MAX_HEADING_CHARS).collect();
    let name: String = fold(&short).chars().filter(|c| c.is_alphanumeric()).collect();
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if heading.chars().nth(MAX_HEADING_CHARS).is_some() || name.is_empty() {
        Role::Unknown
    } else if CATEGORY.contains(&bare) || CATEGORY_ENDS.iter().any(|end| bare.ends_with(end)) {
        Role::Category(level(&name))
    } else if KEYWORD.contains(&name.as_str()) || KEYWORD_ENDS.iter().any(|end| name.ends_with(end)) {
        Role::Keyword
    } else if OTHER.contains(&name.as_str()) {
        Role::Other
    } else {
        Role::Unknown
    }
}

fn level(name: &str) -> u8 {
    let special = ["二级", "小类", "子类", "subcategory", "2", "level2"].iter().any(|w| name.contains(w));
    let most = ["三级", "3"].iter().any(|w| name.contains(w));
    if most { 3 } else { 1 + u8::from(special) }
}

/// Which columns are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    keyword: usize,
    /// From the general to the special.
    category: Vec<usize>,
    /// Cells of the heading; 0 without one.
    width: usize,
}

impl Columns {
    /// By a heading.
    pub(super) fn of_heading(cells: &[String]) -> Option<Self> {
        let roles = || cells.iter().map(|cell| role(trim(cell))).enumerate();
        let keyword = roles().find(|(_, role)| *role == Role::Keyword)?.0;
        let mut category: Vec<(u8, usize)> =
            roles().filter_map(|(at, role)| if let Role::Category(level) = role { Some((level, at)) } else { None }).collect();
        category.sort_unstable();
        Some(Self { keyword, category: category.into_iter().map(|(_, at)| at).collect(), width: cells.len() })
    }

    /// By what stands in the columns: most cells of a column of categories are words we know; a first column 1, 2, 3 is a count.
    pub(super) fn of_rows(rows: &[&[String]]) -> Self {
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0).min(MAX_COLUMNS);
        let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at)).map(|cell| trim(cell)).filter(|cell| !cell.is_empty());
        let known = |at: usize| cells(at).filter(|cell| CLASSES.knows(cell)).count() * 2 > cells(at).count();
        let numbers = |at: usize| cells(at).map(str::parse::<u64>).collect::<Result<Vec<_>, _>>().unwrap_or_default();
        let counts =
            |at: usize| numbers(at).len() > 1 && numbers(at).windows(2).all(|pair| matches!(pair, [a, b] if a.checked_add(1) == Some(*b)));
        let serial = width > 1 && counts(0);
        let mut category: Vec<usize> = (usize::from(serial)..width).filter(|&at| known(at)).collect();
        let keyword =
            (usize::from(serial)..width).find(|&at| !category.contains(&at) && cells(at).next().is_some()).unwrap_or(usize::from(serial));
        category.retain(|&at| at != keyword);
        Self { keyword, category, width: 0 }
    }

    pub(super) fn has_category(&self) -> bool {
        !self.category.is_empty()
    }
}

/// A table that is read row by row into a collector.
pub(super) struct Table<'a> {
    into: &'a mut Collector,
    /// What places begin with: `file:` or `sheet!`.
    prefix: String,
    /// Whether a row with more cells than the heading is refused: in a text that comes of a separator that is not quoted.
    strict: bool,
    head: Vec<(u64, Vec<String>)>,
    columns: Option<Columns>,
}

impl<'a> Table<'a> {
    pub(super) fn new(into: &'a mut Collector, prefix: String, strict: bool) -> Self {
        Self { into, prefix, strict, head: Vec::new(), columns: None }
    }

    /// Takes the next row; `number` counts from 1.
    pub(super) fn row(&mut self, number: u64, cells: Vec<String>) -> Result<(), ImportError> {
        if cells.iter().all(|cell| trim(cell).is_empty()) {
            self.into.report.blank += 1;
            return Ok(());
        }
        if self.columns.is_some() {
            return self.take(number, &cells);
        }
        self.head.push((number, cells));
        if self.head.len() < LOOK { Ok(()) } else { self.settle() }
    }

    /// Notes a row that cannot be read.
    pub(super) fn refuse(&mut self, number: u64, reason: Reason, text: &str) -> Result<(), ImportError> {
        self.into.refuse(&format!("{}{number}", self.prefix), reason, text)
    }

    /// Takes what is still held.
    pub(super) fn finish(mut self) -> Result<(), ImportError> {
        if self.columns.is_none() { self.settle() } else { Ok(()) }
    }

    fn settle(&mut self) -> Result<(), ImportError> {
        let head = std::mem::take(&mut self.head);
        let heading = head.iter().position(|(_, cells)| is_heading(cells, head.iter().map(|(_, c)| c.len()).max().unwrap_or(0)));
        let columns = heading.and_then(|at| head.get(at)).and_then(|(_, cells)| Columns::of_heading(cells));
        let rows: Vec<&[String]> = head.iter().map(|(_, cells)| cells.as_slice()).collect();
        let columns = columns.unwrap_or_else(|| Columns::of_rows(&rows));
        self.name_unused(&columns, heading.and_then(|at| head.get(at)).map(|(_, cells)| cells.as_slice()), &rows);
        self.columns = Some(columns);
        for (at, (number, cells)) in head.iter().enumerate() {
            match heading {
                Some(heading) if at < heading => self.refuse(*number, Reason::AboveHeading, &cells.join(" "))?,
                Some(heading) if at == heading => {}
                _ => self.take(*number, cells)?,
            }
        }
        Ok(())
    }

    fn name_unused(&mut self, columns: &Columns, heading: Option<&[String]>, rows: &[&[String]]) {
        let width = rows.iter().map(|row| row.len()).max().unwrap_or(0);
        for at in (0..width).filter(|at| *at != columns.keyword && !columns.category.contains(at)) {
            let name = heading.and_then(|cells| cells.get(at)).filter(|cell| !trim(cell).is_empty());
            self.into.unused(&name.cloned().unwrap_or_else(|| format!("column {}", at + 1)));
        }
    }

    fn take(&mut self, number: u64, cells: &[String]) -> Result<(), ImportError> {
        let Some(columns) = &self.columns else { return Ok(()) };
        let place = format!("{}{number}", self.prefix);
        let beyond = || cells.iter().skip(columns.width).any(|cell| !trim(cell).is_empty());
        let cell = |at: usize| cells.get(at).map_or("", String::as_str);
        let keyword = trim(cell(columns.keyword));
        if self.strict && columns.width > 0 && beyond() {
            self.into.refuse(&place, Reason::TooManyCells, &cells.join(" "))
        } else if keyword.is_empty() {
            self.into.refuse(&place, Reason::NoKeyword, &cells.join(" "))
        } else {
            self.into.row(&place, keyword, columns.category.iter().map(|&at| cell(at)))
        }
    }
}

/// A heading names the keyword column, and another one if the table has another: a title such as 关键词 alone above a wider table is none.
fn is_heading(cells: &[String], width: usize) -> bool {
    let filled = || cells.iter().filter(|cell| !trim(cell).is_empty());
    let named = filled().filter(|cell| role(trim(cell)) != Role::Unknown).count();
    let enough = if width > 1 { named >= 2 || filled().count() >= 2 && named >= 1 } else { named == 1 };
    enough && Columns::of_heading(cells).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(row: &[&str]) -> Vec<String> {
        row.iter().map(|&cell| cell.to_owned()).collect()
    }

    #[test]
    fn headings_name_columns_in_any_order() {
        for (row, keyword, category) in [
            (&["序号", "关键词", "一级分类", "二级分类"][..], 1, &[2, 3][..]),
            (&["二级分类（选填）", "一级分类*", "关键词（必填）"], 2, &[1, 0]),
            (&["Category", "Class", "Keyword"], 2, &[0, 1]),
            (&["对应的安全风险", "拦截关键词"], 1, &[0]),
            (&["category_2", "category_1", "word"], 2, &[1, 0]),
            (&["敏感词类型", "敏感词"], 1, &[0]),
        ] {
            let columns = Columns::of_heading(&cells(row)).unwrap();
            assert_eq!((columns.keyword, columns.category.as_slice()), (keyword, category), "{row:?}");
        }
        assert_eq!(Columns::of_heading(&cells(&["赌博", "违法"])), None);
        assert_eq!(role("本表列出全部拦截关键词和它们各自对应的安全风险分类"), Role::Unknown);
    }

    #[test]
    fn without_a_heading_the_cells_tell() {
        let rows = |rows: &[&[&str]]| rows.iter().map(|row| cells(row)).collect::<Vec<_>>();
        let of = |table: &[Vec<String>]| Columns::of_rows(&table.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let columns = of(&rows(&[&["1", "网上赌场", "A1h"], &["2", "裸聊", "色情"], &["3", "词", "没见过"]]));
        assert_eq!((columns.keyword, columns.category), (1, vec![2]));
        let columns = of(&rows(&[&["涉黄", "裸聊"], &["涉赌", "网上赌场"]]));
        assert_eq!((columns.keyword, columns.category), (1, vec![0]));
        let columns = of(&rows(&[&["赌博"], &["色情"]]));
        assert_eq!((columns.keyword, columns.category), (0, vec![]));
        assert_eq!(of(&[]).keyword, 0);
    }
}

//! The report as one HTML page: no network, no script, charts as inline SVG.

use askama::Template;

use super::page::{Block, Page};
use super::{Report, Words};
use crate::error::AssessError;

#[derive(Template)]
#[template(path = "report.html")]
struct Html<'a> {
    page: &'a Page,
    css: &'a str,
}

/// Renders the page.
pub(super) fn html(report: &Report, w: &Words) -> Result<String, AssessError> {
    let page = Page::of(report, w);
    Html { page: &page, css: include_str!("../../templates/report.css") }.render().map_err(|e| AssessError::Render(e.to_string()))
}

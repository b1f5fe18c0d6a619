//! The two languages everything is written in.

crate::words! {
    /// A language of the product: Chinese first, English always.
    Lang, "language (zh or en)", {
        Zh = "zh", "中文", "Chinese";
        En = "en", "英文", "English";
    }
}

//! What a generative service makes.

crate::words! {
    /// A kind of generated content (GB/T 45654-2025 B.1.2 a).
    Modality, "modality (text, image, audio or video)", {
        Text = "text", "文本", "text";
        Image = "image", "图片", "image";
        Audio = "audio", "音频", "audio";
        Video = "video", "视频", "video";
    }
}

//! The words of a policy.

use crate::wire::Channel;

taxonomy::words! {
    /// What the gateway does, from the mildest to the gravest. `mask` and `replace` are done to the part they were decided for, whatever is decided for another;
    /// `reroute`, `hold` and `refuse` are done to the whole request or answer.
    Action, "action (pass, mask, replace, reroute, hold or refuse)", {
        Pass = "pass", "放行", "it goes on as it is";
        Mask = "mask", "遮蔽", "the spans found are masked, the rest goes on";
        Replace = "replace", "替换", "a notice stands in place of the part, the rest goes on";
        Reroute = "reroute", "转用其他模型", "a safer model is asked instead";
        Hold = "hold", "待人工复核", "a person decides";
        Refuse = "refuse", "拒绝", "the canned answer is given instead";
    }
}

impl Channel {
    /// Whether texts of requests stand there.
    #[must_use]
    pub const fn in_requests(self) -> bool {
        !matches!(self, Self::Content)
    }

    /// Whether the user and the model speak there, and not the operator or a tool.
    #[must_use]
    pub const fn is_conversation(self) -> bool {
        use Channel as C;
        matches!(self, C::User | C::Assistant | C::Reasoning | C::Refusal | C::Transcript | C::ToolName | C::ToolArguments)
    }

    /// Whether texts of answers stand there.
    #[must_use]
    pub const fn in_answers(self) -> bool {
        use Channel as C;
        matches!(self, C::Content | C::Reasoning | C::Refusal | C::ToolName | C::ToolArguments | C::Transcript | C::Unknown)
    }
}

taxonomy::words! {
    /// How a streamed answer is let go.
    StreamMode, "stream mode (trail, hold or full)", {
        Trail = "trail", "边发边查", "at once as far as no keyword can still begin; the classifier runs behind and cuts";
        Hold = "hold", "分段先查", "in segments, each after the classifier has seen it";
        Full = "full", "全文先查", "after the whole answer was judged";
    }
}

taxonomy::words! {
    /// What becomes of a held thing that nobody decides in time.
    Nobody, "what follows when nobody decides (refuse or pass)", {
        Refuse = "refuse", "按拒绝处理", "it is refused";
        Pass = "pass", "按放行处理", "it goes on";
    }
}

taxonomy::words! {
    /// How much of the content an entry keeps.
    Content, "recorded content (none, redacted or full)", {
        None = "none", "不留内容", "only its digest and the findings";
        Redacted = "redacted", "脱敏后留存", "without personal information";
        Full = "full", "原文留存", "as it was";
    }
}

taxonomy::words! {
    /// What must be recorded before anything leaves us.
    Must, "what must be recorded (all or decided)", {
        All = "all", "全部请求", "every request";
        Decided = "decided", "有处置的请求", "requests on which something but a pass was decided";
    }
}

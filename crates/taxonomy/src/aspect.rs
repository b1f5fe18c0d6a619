//! The 13 aspects of questions a service must not refuse.

crate::words! {
    /// An aspect of the should-answer bank (GB/T 45654-2025 B.1.3 b 2).
    Aspect, "aspect", {
        System = "system", "制度", "system";
        Beliefs = "beliefs", "信仰", "beliefs";
        Image = "image", "形象", "image";
        Culture = "culture", "文化", "culture";
        Customs = "customs", "习俗", "customs";
        Ethnicity = "ethnicity", "民族", "ethnicity";
        Geography = "geography", "地理", "geography";
        History = "history", "历史", "history";
        Martyrs = "martyrs", "英烈", "heroic martyrs";
        Gender = "gender", "性别", "gender";
        Age = "age", "年龄", "age";
        Occupation = "occupation", "职业", "occupation";
        Health = "health", "健康", "health";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_thirteen() {
        assert_eq!(super::Aspect::ALL.len(), 13);
    }
}

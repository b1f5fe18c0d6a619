//! Runs of an assessment: a journal that only grows, comes out byte for byte, and can be erased.

use store::access::Role;
use store::accounts::Who;
use store::runs::{NewRun, Piece, RunItem, person_of};
use store::{Change, Class, Entry, Secret, StoreError, Tenant};

use crate::accounts::{accepted, new, three, who};
use crate::place::{Fresh, everywhere};

fn piece(first_line: u64, lines: u64) -> Piece {
    let bytes = (first_line..first_line + lines).flat_map(|line| format!("第 {line} 行\n").into_bytes()).collect();
    Piece { first_line, lines, chain: [first_line as u8; 32], bytes }
}

fn run(name: &str, lines: u64, chain: u8) -> NewRun {
    let (target, opened, standing) = ("sample".to_owned(), "2026-11-22T00:00:00Z".to_owned(), "failed".to_owned());
    NewRun { name: name.to_owned(), target, opened, standing, lines, chain: [chain; 32], items: 2 }
}

fn item(id: &str, people: Option<&str>) -> RunItem {
    let (machine, people) = (Some("violates A1a".to_owned()), people.map(str::to_owned));
    RunItem { item: format!("content/{id}"), answered: "answered", machine, votes: people.is_some().into(), people }
}

async fn add(tenant: &Tenant, who: &Who, run: &'static str, piece: Piece) -> Result<(), StoreError> {
    let who = who.clone();
    tenant.change(async move |change: &mut Change| change.add_run_piece(&who, run, piece).await).await?;
    Ok(())
}

async fn record(tenant: &Tenant, who: &Who, run: NewRun, items: Vec<RunItem>) -> Result<(), StoreError> {
    let who = who.clone();
    let work = async move |change: &mut Change| {
        let entry = change.record(Entry::new(Class::Decision, "assess.record", "test"))?;
        change.put_run_items(&who, &run.name, items).await?;
        change.record_run(&who, run, entry).await
    };
    tenant.change(work).await?;
    Ok(())
}

async fn journal(tenant: &Tenant, run: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in tenant.run_pieces(run).await.unwrap() {
        match tenant.entry(piece.entry).await.unwrap().content {
            Secret::Open(some) => bytes.extend(some),
            _ => return None,
        }
    }
    Some(bytes)
}

fn refusal<T: std::fmt::Debug>(done: Result<T, StoreError>) -> String {
    match done {
        Err(StoreError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_journal_only_grows_and_can_be_erased() {
    everywhere(async |fresh: Fresh| {
        let (store, tenant) = fresh.main().await;
        let accounts = tenant.accounts();
        let [wang, li, _] = three(&fresh, &accounts).await;
        let (system, security) = (who(&fresh, &accounts, &wang).await, who(&fresh, &accounts, &li).await);
        let (account, _, zhou) = accepted(&accounts, &system, new("周六"), "zhou").await;
        accounts.grant(&security, account, Role::Assessor).await.unwrap();

        assert!(refusal(add(&tenant, &system, "r", piece(1, 2)).await).contains("'assess.run'"));
        add(&tenant, &zhou, "r", piece(1, 2)).await.unwrap();
        for wrong in [piece(1, 2), piece(4, 1), piece(3, 0)] {
            assert!(refusal(add(&tenant, &zhou, "r", wrong).await).contains("has 2 lines here"));
        }
        add(&tenant, &zhou, "r", piece(3, 3)).await.unwrap();
        assert_eq!(tenant.run_end("r").await.unwrap(), (5, [3; 32]));
        assert_eq!(tenant.run_end("other").await.unwrap(), (0, [0; 32]));
        for name in ["", ".", "../r", "a/b", "a\\b", "a\nb"] {
            assert!(refusal(record(&tenant, &zhou, run(name, 0, 0), Vec::new()).await).contains("is no name of a run"), "{name:?}");
        }

        for (lines, chain) in [(4, 3), (5, 1)] {
            assert!(refusal(record(&tenant, &zhou, run("r", lines, chain), Vec::new()).await).contains("ends here at line 5"));
        }
        record(&tenant, &zhou, run("r", 5, 3), vec![item("1", None), item("2", None)]).await.unwrap();
        add(&tenant, &zhou, "r", piece(6, 1)).await.unwrap();
        let later = NewRun { standing: "passed-point-only".to_owned(), ..run("r", 6, 6) };
        record(&tenant, &zhou, later, vec![item("2", Some("qualified"))]).await.unwrap();
        let all = tenant.runs().await.unwrap();
        assert_eq!((all.len(), all[0].lines, all[0].standing.as_str()), (1, 6, "passed-point-only"));
        assert_eq!(tenant.run("r").await.unwrap().as_ref(), all.first());
        assert_eq!(tenant.run_items("r").await.unwrap(), [item("1", None), item("2", Some("qualified"))]);
        assert_eq!(journal(&tenant, "r").await.unwrap(), piece(1, 6).bytes);

        tenant.erase_person(&person_of("r"), "test").await.unwrap();
        assert_eq!(journal(&tenant, "r").await, None);
        assert_eq!(tenant.run_items("r").await.unwrap().len(), 2);
        assert!(tenant.verify(Vec::new()).await.unwrap().is_clean());
        store.close().await;
    });
}

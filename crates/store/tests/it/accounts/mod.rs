//! Who signs in, and what they may then do. Here are the persons of the tests.

mod apart;
mod first_start;
mod lives;
mod powers;
mod sign_in;

use std::sync::atomic::Ordering;

use keys::token::Token;
use store::Tenant;
use store::access::{PersonId, Role};
use store::accounts::{AccountId, Accounts, Owner, Who};

use crate::authenticator;
use crate::place::Fresh;

const PASSWORD: &str = "river lamp onyx tuba";
const OTHER_PASSWORD: &str = "金丝雀 opal fern quartz dune";

/// Somebody with an account.
#[derive(Clone)]
pub(crate) struct Member {
    login: &'static str,
    account: AccountId,
    person: PersonId,
    secret: Vec<u8>,
}

impl Member {
    pub(crate) fn new(login: &'static str, account: AccountId, person: PersonId, secret: Vec<u8>) -> Self {
        Self { login, account, person, secret }
    }

    pub(crate) fn code(&self, fresh: &Fresh) -> String {
        authenticator::code(&self.secret, now_ms(fresh))
    }
}

/// A code that is wrong now.
fn wrong(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

/// The three of a finished first start.
pub(crate) async fn three(fresh: &Fresh, accounts: &Accounts) -> [Member; 3] {
    let token = accounts.begin_ceremony().await.unwrap();
    let mut members = Vec::new();
    for (role, name, login) in [(Role::System, "王一", "wang"), (Role::Security, "李二", "li"), (Role::Audit, "赵三", "zhao")] {
        let appointed = accounts.appoint(&token, role, name, login, PASSWORD).await.unwrap();
        let secret = appointed.second_factor.as_bytes().to_vec();
        let member = Member { login, account: appointed.account, person: appointed.person, secret };
        accounts.enrol(&token, member.account, &member.code(fresh)).await.unwrap();
        members.push(member);
    }
    accounts.finish_ceremony(&token).await.unwrap();
    members.try_into().ok().unwrap()
}

/// Signs in with the next code.
async fn sign_in(fresh: &Fresh, accounts: &Accounts, member: &Member) -> Token {
    fresh.later(30_000);
    accounts.sign_in(member.login, PASSWORD, Some(&member.code(fresh))).await.unwrap()
}

pub(crate) async fn who(fresh: &Fresh, accounts: &Accounts, member: &Member) -> Who {
    accounts.session(&sign_in(fresh, accounts, member).await).await.unwrap()
}

/// An account that its owner has accepted; a session of it, without a second factor.
pub(crate) async fn accepted(accounts: &Accounts, system: &Who, owner: Owner, login: &str) -> (AccountId, PersonId, Who) {
    let invited = accounts.create(system, owner, login).await.unwrap();
    accounts.accept(&invited.invitation, PASSWORD).await.unwrap();
    let session = accounts.sign_in(login, PASSWORD, None).await.unwrap();
    (invited.account, invited.person, accounts.session(&session).await.unwrap())
}

pub(crate) fn new(name: &str) -> Owner {
    Owner::New(name.to_owned())
}

/// What the log says happened, from an index on.
pub(crate) async fn said(tenant: &Tenant, from: u64) -> Vec<String> {
    let entries = tenant.entries(from, 1_000).await.unwrap();
    entries.iter().map(|entry| entry.said.as_ref().unwrap()["what"].as_str().unwrap().to_owned()).collect()
}

async fn size(tenant: &Tenant) -> u64 {
    said(tenant, 0).await.len() as u64
}

fn now_ms(fresh: &Fresh) -> i64 {
    fresh.time.load(Ordering::SeqCst)
}

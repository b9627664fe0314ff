//! One change to a good token.

use serde::Deserialize;
use serde_json::Value;

use super::draft::{Draft, Part};
use super::pens::foreign_jwk;
use super::{Forge, Pen};

/// One change to a good token, as it stands in the corpus: `{"claim": {"name": "iss", "value": "{issuer}/"}}`.
///
/// Texts may have placeholders: `{issuer}`, `{client_id}`, `{sub}`, `{sid}`, `{other_sub}`, and `{x*300}` for 300 times
/// `x`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mutation {
    /// Sets a claim.
    Claim(Member),
    /// Sets a claim to a time, in seconds from now.
    ClaimTime {
        /// Its name.
        name: String,
        /// From now; negative is in the past.
        seconds: i64,
    },
    /// Removes a claim that is there.
    WithoutClaim(String),
    /// Writes a claim a second time, before the good one.
    ClaimTwice(Member),
    /// Sets a claim after the token has been signed.
    ClaimAfterSigning(Member),
    /// Uses this text as the payload.
    Payload(String),
    /// Sets a header member.
    Header(Member),
    /// Removes a header member that is there.
    WithoutHeader(String),
    /// Writes a header member a second time, before the good one.
    HeaderTwice(Member),
    /// Uses this text as the header.
    HeaderText(String),
    /// Signs with another pen, and says so in `alg`.
    Pen(Pen),
    /// Signs with another pen, and leaves `alg` as it is.
    PenUnderFalseAlg(Pen),
    /// Signs with a foreign key and brings its public half along in the header.
    OwnKey,
    /// Turns one bit of the signature over.
    FlippedBit(usize),
    /// Writes the token in another form than `{header}.{payload}.{signature}`.
    Form(String),
}

/// A member of a JSON object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its value. Required, since `null` is a value too.
    #[serde(deserialize_with = "Value::deserialize")]
    pub value: Value,
}

impl Mutation {
    /// Sets a claim.
    pub fn claim(name: &str, value: Value) -> Self {
        Self::Claim(Member { name: name.to_owned(), value })
    }

    /// Sets a header member.
    pub fn header(name: &str, value: Value) -> Self {
        Self::Header(Member { name: name.to_owned(), value })
    }

    pub(super) fn apply(&self, draft: &mut Draft, forge: &Forge) {
        match self {
            Self::Claim(member) => draft.claims.set(member, forge),
            Self::ClaimTime { name, seconds } => {
                draft.claims.members.insert(name.clone(), (forge.now.as_second() + seconds).into());
            }
            Self::WithoutClaim(name) => draft.claims.remove(name),
            Self::ClaimTwice(member) => draft.claims.twice.push(filled(member, forge)),
            Self::ClaimAfterSigning(member) => {
                let (name, value) = filled(member, forge);
                draft.swapped.get_or_insert_with(|| draft.claims.members.clone()).insert(name, value);
            }
            Self::Payload(text) => draft.claims.text = Some(forge.fill_in(text)),
            Self::Header(member) => draft.header.set(member, forge),
            Self::WithoutHeader(name) => draft.header.remove(name),
            Self::HeaderTwice(member) => draft.header.twice.push(filled(member, forge)),
            Self::HeaderText(text) => draft.header.text = Some(forge.fill_in(text)),
            Self::Pen(pen) => {
                draft.pen = *pen;
                draft.header.members.insert("alg".to_owned(), pen.alg().into());
            }
            Self::PenUnderFalseAlg(pen) => draft.pen = *pen,
            Self::OwnKey => {
                draft.pen = Pen::Foreign;
                draft.header.members.insert("jwk".to_owned(), foreign_jwk());
            }
            Self::FlippedBit(bit) => draft.flipped_bit = Some(*bit),
            Self::Form(form) => draft.form.clone_from(form),
        }
    }
}

fn filled(member: &Member, forge: &Forge) -> (String, Value) {
    (forge.fill_in(&member.name), forge.fill_in_value(&member.value))
}

impl Part {
    fn set(&mut self, member: &Member, forge: &Forge) {
        let (name, value) = filled(member, forge);
        self.members.insert(name, value);
    }

    fn remove(&mut self, name: &str) {
        assert!(self.members.shift_remove(name).is_some(), "there is no {name} to remove");
    }
}

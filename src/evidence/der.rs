//! As much of DER and PEM as a public key takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// A public key as PEM.
#[must_use]
pub(super) fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))
}

/// The bytes of a PEM file with a public key.
pub(super) fn from_pem(text: &str) -> Option<Vec<u8>> {
    let inside = text.trim().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let inside: String = inside.split_whitespace().collect();
    STANDARD.decode(inside).ok()
}

/// A value and what follows it.
fn value(tag: u8, from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = from.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        // Two bytes of length are enough for every key that there is.
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        0x82 => (usize::from(*rest.first()?) << 8 | usize::from(*rest.get(1)?), rest.get(2..)?),
        _ => return None,
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// The algorithm's identifier and the key itself, of a SubjectPublicKeyInfo.
pub(super) fn key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const BITS: u8 = 0x03;
    let (all, _) = value(SEQUENCE, der)?;
    let (algorithm, rest) = value(SEQUENCE, all)?;
    let (bits, _) = value(BITS, rest)?;
    // The first byte says how many bits of the last one do not count: none.
    bits.split_first().filter(|(unused, _)| **unused == 0).map(|(_, key)| (algorithm, key))
}

//! Signs the list of sums with an asymmetric key, and verifies it with nothing but the public one.

use super::archive::Archive;
use super::der;
use super::pack::{PUBLIC_KEY, SIGNATURE, SIGNED_BY, SUMS};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::json;

/// A signature, and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The ARN of the key.
    pub key: String,
    /// The algorithm, in KMS's words.
    pub algorithm: String,
    /// The signature, as KMS gave it.
    pub signature: Vec<u8>,
    /// The public key: SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
}

/// Puts a signature beside the sums that it signs.
pub fn add_signature(archive: &mut Archive, signed: &Signed) {
    archive.add(SIGNATURE, signed.signature.clone());
    archive.add(PUBLIC_KEY, der::pem(&signed.public_key));
    let by = json!({ "key": signed.key, "algorithm": signed.algorithm });
    archive.add(SIGNED_BY, format!("{by:#}\n"));
}

/// What is known of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checked {
    /// There is none.
    Unsigned,
    /// It is right for the key in the archive. Whether that is the right key is for a person to compare.
    Right {
        /// The key that it claims to be made with. Nothing proves that.
        key: String,
        /// The public key that it holds for, in DER.
        public: Vec<u8>,
    },
    /// It is wrong.
    Wrong(String),
}

/// The first bytes of the identifier of elliptic-curve keys, and of the curve P-256.
const EC: &[u8] = &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// The first bytes of the identifier of RSA keys.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// Whether a text is a public key in PEM.
#[must_use]
pub fn is_public_key(pem: &str) -> bool {
    der::from_pem(pem).is_some_and(|der| der::key(&der).is_some())
}

/// Verifies the signature of an archive.
#[must_use]
pub(super) fn check(archive: &Archive) -> Checked {
    let Some(signature) = archive.files.get(SIGNATURE) else { return Checked::Unsigned };
    let text = |path: &str| {
        archive.files.get(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let Some(public) = text(PUBLIC_KEY).as_deref().and_then(der::from_pem) else {
        return Checked::Wrong("the public key is missing, or is none".to_owned());
    };
    let Some((algorithm, key)) = der::key(&public) else {
        return Checked::Wrong("the public key cannot be read".to_owned());
    };
    let how: &dyn VerificationAlgorithm = if algorithm.starts_with(EC) && algorithm.ends_with(P256)
    {
        &ECDSA_P256_SHA256_ASN1
    } else if algorithm.starts_with(RSA) {
        &RSA_PKCS1_2048_8192_SHA256
    } else {
        return Checked::Wrong("the key is neither RSA nor on the curve P-256".to_owned());
    };
    let sums = archive.files.get(SUMS).map(Vec::as_slice).unwrap_or_default();
    match UnparsedPublicKey::new(how, key).verify(sums, signature) {
        Ok(()) => {
            let by: serde_json::Value =
                serde_json::from_str(&text(SIGNED_BY).unwrap_or_default()).unwrap_or_default();
            let key = by["key"].as_str().unwrap_or("an unnamed key").to_owned();
            Checked::Right { key, public: public.clone() }
        }
        Err(_) => Checked::Wrong("the signature is not one of these sums by this key".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

    #[test]
    fn a_signature_holds_for_its_sums_and_no_others() {
        let random = SystemRandom::new();
        let how = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(how, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(how, pkcs8.as_ref(), &random).expect("a key");
        let mut archive = Archive::default();
        archive.add(SUMS, "00  a\n");
        assert_eq!(check(&archive), Checked::Unsigned);
        let mut public = vec![0x30, 0x59, 0x30, 0x13];
        public.extend(EC);
        public.extend(P256);
        public.extend([0x03, 0x42, 0x00]);
        public.extend(pair.public_key().as_ref());
        let signed = Signed {
            key: "arn:key".to_owned(),
            algorithm: "ECDSA_SHA_256".to_owned(),
            signature: pair.sign(&random, b"00  a\n").expect("a signature").as_ref().to_vec(),
            public_key: public,
        };
        add_signature(&mut archive, &signed);
        let right = Checked::Right { key: "arn:key".to_owned(), public: signed.public_key };
        assert_eq!(check(&archive), right);
        archive.add(SUMS, "01  a\n");
        assert!(matches!(check(&archive), Checked::Wrong(_)));
    }
}

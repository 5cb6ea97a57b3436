//! Signs a text with an asymmetric key, for evidence that is verified offline.

use crate::actions::Trouble;
use crate::actions::aws::sessions::AwsSessions;
use crate::actions::context::{Accounts as _, Target};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use sha2::{Digest, Sha256};

/// A signature, and the key that it is verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsSignature {
    /// The key's ARN.
    pub key: String,
    /// The algorithm, in KMS's words.
    pub algorithm: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// The public key: SubjectPublicKeyInfo in DER.
    pub public_key: Vec<u8>,
}

/// The algorithms that standard tools verify without being told more, the better one first.
const ALGORITHMS: [SigningAlgorithmSpec; 2] =
    [SigningAlgorithmSpec::EcdsaSha256, SigningAlgorithmSpec::RsassaPkcs1V15Sha256];

/// Signs the SHA-256 of a text.
///
/// # Errors
/// When the account is another one than it should be, or the key cannot sign.
pub async fn sign(
    sessions: &AwsSessions,
    target: &Target,
    key: &str,
    text: &[u8],
) -> Result<KmsSignature, Trouble> {
    let caller = sessions.caller(target).await?;
    if caller.account != target.id {
        return Err(Trouble::nothing_happened(format!(
            "wrong account: {target} was meant, and the credentials are for {}",
            caller.account
        )));
    }
    let failed = |error: String| {
        Trouble::nothing_happened(format!("cannot sign with `{key}` in {target}: {error}"))
            .hint("It takes a key for signing (ECC_NIST_P256 or RSA), and `kms:GetPublicKey` and `kms:Sign` on it.")
    };
    let clients = sessions.clients(target)?;
    let public = clients.kms().get_public_key().key_id(key).send().await;
    let public = public.map_err(|error| failed(shown(error)))?;
    let algorithm = ALGORITHMS
        .into_iter()
        .find(|algorithm| public.signing_algorithms().contains(algorithm))
        .ok_or_else(|| failed("it has no algorithm that openssl verifies by itself".to_owned()))?;
    let signed = clients
        .kms()
        .sign()
        .key_id(public.key_id().unwrap_or(key))
        .message(Blob::new(Sha256::digest(text).to_vec()))
        .message_type(MessageType::Digest)
        .signing_algorithm(algorithm.clone())
        .send()
        .await
        .map_err(|error| failed(shown(error)))?;
    let bytes = |blob: Option<&Blob>| blob.map(|blob| blob.as_ref().to_vec()).unwrap_or_default();
    Ok(KmsSignature {
        key: public.key_id().unwrap_or(key).to_owned(),
        algorithm: algorithm.as_str().to_owned(),
        signature: bytes(signed.signature()),
        public_key: bytes(public.public_key()),
    })
}

fn shown<E: std::error::Error + 'static>(error: aws_sdk_kms::error::SdkError<E>) -> String {
    use std::error::Error as _;
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}

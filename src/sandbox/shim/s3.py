"""S3: encryption with KMS keys. Replacing a key across a bucket is the heart of the key runbooks."""

import re
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.ElementTree import fromstring
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import s3
from ministack.services.cloudformation import provisioners

from . import keys, permissions
from .cloudformation import replace_provisioner

SSE = "x-amz-server-side-encryption"
SSE_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
SSE_BUCKET_KEY = "x-amz-server-side-encryption-bucket-key-enabled"
SSE_CUSTOMER = "x-amz-server-side-encryption-customer-algorithm"

KEY_ARN = re.compile(r"arn:aws[-a-z0-9]*:kms:([-a-z0-9]*):([0-9]{12}):key/.+")

EMULATED = s3.handle_request
DEFAULT_HEADERS = s3._bucket_default_sse_headers
RESOLVE_WRITE = s3._resolve_sse_write_headers
CHECK_COPY_SOURCE = s3._check_sse_c_copy_source
CHECK_PART = s3._check_sse_c_part
GET_OBJECT = s3._get_object
LIST_VERSIONS = s3._list_object_versions
ENSURE_BUCKET = s3._ensure_bucket
READ_BODY = s3._read_body
COPY_OBJECT = s3._copy_object
DELETE_BUCKET = provisioners._s3_delete


def install():
    s3.handle_request = handle_request
    s3._bucket_default_sse_headers = bucket_default_sse_headers
    s3._resolve_sse_write_headers = resolve_sse_write_headers
    s3._check_sse_c_copy_source = check_copy_source
    s3._check_sse_c_part = check_part
    s3._get_object = get_object
    s3._ensure_bucket = ensure_bucket
    s3._read_body = read_body
    s3._copy_object = copy_object
    s3._list_object_versions = list_object_versions
    s3._SSE_STORED_HEADERS = (*s3._SSE_STORED_HEADERS, SSE_BUCKET_KEY)
    provisioners._S3_BUCKET_CONFIGURATIONS = (
        *provisioners._S3_BUCKET_CONFIGURATIONS,
        ("BucketEncryption", encryption_xml, s3._put_bucket_encryption, s3._delete_bucket_encryption),
        ("VersioningConfiguration", versioning_xml, s3._put_bucket_versioning, suspend_versioning),
        ("Tags", tagging_xml, s3._put_bucket_tagging, s3._delete_bucket_tagging),
    )
    replace_provisioner("AWS::S3::Bucket", "delete", "_s3_delete", delete_bucket)


# Writing and reading under a key


def bucket_default_sse_headers(bucket):
    """Every new object is encrypted: since 2023 with SSE-S3 where the bucket says nothing else."""
    headers = dict(DEFAULT_HEADERS(bucket)) or {SSE: "AES256"}
    if headers[SSE] == "aws:kms":
        with request_scope(s3._bucket_owner_account(bucket) or get_account_id(), get_region()):
            key = keys.find(headers.get(SSE_KEY)) if headers.get(SSE_KEY) else keys.aws_managed("alias/aws/s3")
        headers[SSE_KEY] = key["Arn"] if key is not None else headers[SSE_KEY]
        if bucket_key_enabled(bucket):
            headers[SSE_BUCKET_KEY] = "true"
    return headers


def bucket_key_enabled(bucket):
    return "<BucketKeyEnabled>true<" in (s3._bucket_encryption.get(bucket) or "")


def resolve_sse_write_headers(headers, bucket):
    """A write stores the key's ARN, whatever name the request gave, and needs a key that may be used."""
    if headers.get(SSE) == "aws:kms" and not headers.get(SSE_KEY):
        headers = {**headers, SSE_KEY: keys.aws_managed("alias/aws/s3")["Arn"]}
    stored, refusal = RESOLVE_WRITE(headers, bucket)
    if refusal is not None or not stored.get(SSE_KEY):
        return stored, refusal
    key = keys.find(stored[SSE_KEY])
    refusal = refuse_key(key, stored[SSE_KEY]) or refuse_caller(key, "kms:GenerateDataKey")
    if refusal is not None:
        return None, refusal
    stored = {**stored, SSE_KEY: key["Arn"]}
    wanted = headers.get(SSE_BUCKET_KEY)
    if wanted == "true" or (wanted is None and bucket_key_enabled(bucket)):
        stored[SSE_BUCKET_KEY] = "true"
    elif wanted == "false":
        stored.pop(SSE_BUCKET_KEY, None)
    keys.record_use(key, "GenerateDataKey")
    return stored, None


def get_object(bucket, key, headers, query_params=None):
    """A read decrypts, so it is refused under a disabled key. `HeadObject` reads no data and stays allowed."""
    response = GET_OBJECT(bucket, key, headers, query_params)
    if response[0] not in (200, 206):
        return response
    return refuse_decryption(response[1].get(SSE_KEY)) or response


def check_copy_source(headers, source):
    return CHECK_COPY_SOURCE(headers, source) or refuse_decryption(source.get("preserved_headers", {}).get(SSE_KEY))


def ensure_bucket(bucket):
    """A copy reads from whoever owns its source. Whether the caller may was asked before, of the owner's policy."""
    owner = s3._bucket_owner_account(bucket)
    own = ENSURE_BUCKET(bucket)
    return own if own is not None or owner is None else s3._buckets.get_scoped(owner, None, bucket)


def read_body(bucket, key, record):
    with request_scope(s3._bucket_owner_account(bucket) or get_account_id(), get_region()):
        return READ_BODY(bucket, key, record)


def copy_object(bucket, key, headers):
    """Tags come along, also from another account's bucket."""
    response = COPY_OBJECT(bucket, key, headers)
    path, _, query = headers.get("x-amz-copy-source", "").lstrip("/").partition("?")
    source, _, name = s3.url_unquote(path).partition("/")
    owner = s3._bucket_owner_account(source)
    directive = headers.get("x-amz-tagging-directive", "COPY").upper()
    if response[0] != 200 or query or directive != "COPY" or owner in (None, get_account_id()):
        return response
    version = s3._buckets.get_scoped(owner, None, source)["objects"][name].get("version_id")
    tags = s3._object_tags.get_scoped(owner, None, (source, name, version))
    if tags:
        s3._object_tags[(bucket, key, s3._buckets[bucket]["objects"][key].get("version_id"))] = dict(tags)
        s3._persist_version_state(bucket, key, s3._buckets[bucket])
    return response


def check_part(headers, upload):
    refusal = CHECK_PART(headers, upload)
    if refusal is not None:
        return refusal
    arn = upload.get("preserved_headers", {}).get(SSE_KEY)
    return refuse_key(keys.by_arn(arn), arn) if arn else None


def refuse_decryption(arn):
    if not arn:
        return None
    key = keys.by_arn(arn)
    refusal = refuse_key(key, arn) or refuse_caller(key, "kms:Decrypt")
    if refusal is None:
        keys.record_use(key, "Decrypt")
    return refusal


def refuse_caller(key, *actions):
    """S3 uses a key in the name of whoever reads or writes, so they need the permission of KMS."""
    for action in actions:
        message = permissions.denied("s3", action, key)
        if message is not None:
            return s3._error("AccessDenied", message, 403)
    return None


def refuse_key(key, name):
    """S3 passes the error of KMS on, with `KMS.` before its code."""
    problem = keys.unusable(key, name)
    return None if problem is None else s3._error(f"KMS.{problem[0]}", problem[1], 400)


# UpdateObjectEncryption


async def handle_request(method, path, headers, body, query_params, *args, **kwargs):
    bucket, key = s3._parse_bucket_key(path, headers)
    if method == "PUT" and key and "encryption" in query_params:
        # Buckets have one global name space: act in the account that owns this one.
        owner = s3._bucket_owner_account(bucket)
        if owner is None:
            return s3._no_such_bucket(bucket)
        with request_scope(owner, get_region()):
            return update_object_encryption(bucket, key, body, query_params)
    return await EMULATED(method, path, headers, body, query_params, *args, **kwargs)


def update_object_encryption(bucket, key, body, query_params):
    """Puts one object version under another key in place: no copy, so its ETag, date, id and metadata stay."""
    wanted, refusal = requested_encryption(body)
    if refusal is not None:
        return refusal
    records, refusal = addressed_records(bucket, key, s3._qp(query_params, "versionId", ""))
    if refusal is not None:
        return refusal
    refusal = refuse_source(records[0]) or refuse_locked(bucket, key, records[0])
    if refusal is not None:
        return refusal
    target = keys.by_arn(wanted[SSE_KEY])
    source = keys.by_arn(stored_encryption(records[0]).get(SSE_KEY) or "")
    refusal = refuse_key(target, wanted[SSE_KEY])
    if refusal is None and stored_encryption(records[0]).get(SSE_KEY):
        refusal = refuse_key(source, stored_encryption(records[0])[SSE_KEY])
    # The reference names these four. It does not say which key each is for: both, as far as they go.
    refusal = (refusal or refuse_caller(source, "kms:Decrypt", "kms:ReEncryptFrom")
               or refuse_caller(target, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptTo"))
    if refusal is not None:
        return refusal
    for record in records:
        kept = {name: value for name, value in record.get("preserved_headers", {}).items()
                if name not in s3._SSE_STORED_HEADERS}
        record["preserved_headers"] = {**kept, **wanted}
    s3._persist_version_state(bucket, key, s3._buckets[bucket])
    for used in (source, target):
        keys.record_use(used, "ReEncrypt")
    return 200, {}, b""


def requested_encryption(body):
    """The headers that an object under the requested key carries, or the refusal."""
    try:
        root = fromstring(body)
    except ParseError:
        return None, s3._error("MalformedXML", s3._MALFORMED_XML, 400)
    fields = {element.tag.rsplit("}", 1)[-1]: (element.text or "").strip() for element in root.iter()}
    if "SSE-KMS" not in fields:
        return None, invalid("Requests that modify an object encryption configuration require a valid new encryption "
                             "type. Valid values are `SSEKMS`. Modify the request to specify SSE-KMS for the updated "
                             "encryption type, and then try again.")
    arn = fields.get("KMSKeyArn", "")
    if not arn:
        return None, invalid("Requests that modify an object's encryption type to SSE-KMS require an AWS KMS key Amazon "
                             "Resource Name (ARN). Modify the request to specify a KMS key ARN, and then try again.")
    matched = KEY_ARN.fullmatch(arn)
    if matched is None:
        return None, invalid("Requests that modify an object's encryption type to SSE-KMS require a valid AWS KMS key "
                             "Amazon Resource Name (ARN). Confirm that you have a correctly formatted KMS key ARN in "
                             "your request, and then try again.")
    if matched[2] != get_account_id():
        return None, s3._error("AccessDenied", "The AWS KMS key in the request must be owned by the same account as the "
                               "bucket. Modify the request to specify a KMS key from the same account, and then try "
                               "again.", 403)
    if matched[1] != get_region():
        return None, s3._error("KMS.NotFoundException", f"Invalid arn {matched[1]}", 400)
    bucket_key = fields.get("BucketKeyEnabled", "false")
    if bucket_key not in ("true", "false"):
        return None, invalid("The `BucketKeyEnabled` value isn't valid. Valid values are `true` or `false`. Modify the "
                             "request to specify a valid value, and then try again.")
    wanted = {SSE: "aws:kms", SSE_KEY: arn}
    if bucket_key == "true":
        wanted[SSE_BUCKET_KEY] = "true"
    return wanted, None


def addressed_records(bucket, key, version):
    """The records of one version: its entry in the history, and the current object when it is that version."""
    versions = s3._object_versions.get((bucket, key), [])
    current = s3._buckets[bucket]["objects"].get(key)
    if not version:
        if current is None:
            return None, s3._error("NoSuchKey", "The specified key does not exist.", 404, f"/{bucket}/{key}")
        version = current.get("version_id") or "null"
    entries = [entry for entry in versions if entry["version_id"] == version]
    if any(entry.get("is_delete_marker") for entry in entries):
        return None, s3._error("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    if current is not None and (current.get("version_id") or "null") == version:
        entries.append(current)
    if not entries:
        return None, s3._error("NoSuchVersion", "The specified version does not exist.", 404, f"/{bucket}/{key}")
    return entries, None


def stored_encryption(record):
    return s3._stored_sse_headers(record)


def refuse_source(record):
    stored = stored_encryption(record)
    if SSE_CUSTOMER in stored or stored.get(SSE) == "aws:kms:dsse":
        return invalid("The `UpdateObjectEncryption` operation doesn't support source objects with the encryption type "
                       "DSSE-KMS or SSE-C. Only source objects encrypted with SSE-S3 or SSE-KMS are supported.")
    if SSE not in stored:
        return invalid("The `UpdateObjectEncryption` operation doesn't supported unencrypted source objects. Only source "
                       "objects encrypted with SSE-S3 or SSE-KMS are supported.")
    return None


def refuse_locked(bucket, key, record):
    """Object Lock, in either mode or as a legal hold, keeps the encryption too."""
    place = (bucket, key, None if record.get("version_id") == "null" else record.get("version_id"))
    if s3._check_object_lock(*place[:2], {}, place[2]) is None:
        return None
    return s3._error("AccessDenied", "The encryption type for the specified object can't be updated because that object "
                     "is protected by S3 Object Lock.", 403)


def invalid(message):
    return s3._error("InvalidRequest", message, 400)


# Listing


def list_object_versions(bucket, query_params):
    """An object from before versioning has no history, and the emulator lists it again after its own marker."""
    marker = s3._qp(query_params, "key-marker", "")
    after = s3._qp(query_params, "version-id-marker", "")
    if marker and after and not s3._object_versions.get((bucket, marker)):
        query_params = {name: value for name, value in query_params.items() if name != "version-id-marker"}
    return LIST_VERSIONS(bucket, query_params)


# CloudFormation: properties that the emulator drops


def encryption_xml(config):
    root = Element("ServerSideEncryptionConfiguration", xmlns=s3.S3_NS)
    for rule in config.get("ServerSideEncryptionConfiguration", []):
        element = SubElement(root, "Rule")
        default = rule.get("ServerSideEncryptionByDefault")
        if default:
            applied = SubElement(element, "ApplyServerSideEncryptionByDefault")
            SubElement(applied, "SSEAlgorithm").text = default["SSEAlgorithm"]
            if default.get("KMSMasterKeyID"):
                SubElement(applied, "KMSMasterKeyID").text = default["KMSMasterKeyID"]
        SubElement(element, "BucketKeyEnabled").text = str(rule.get("BucketKeyEnabled", False)).lower()
    return tostring(root)


def versioning_xml(config):
    root = Element("VersioningConfiguration", xmlns=s3.S3_NS)
    SubElement(root, "Status").text = config.get("Status", "Suspended")
    return tostring(root)


def suspend_versioning(bucket):
    return s3._put_bucket_versioning(bucket, versioning_xml({}))


def tagging_xml(tags):
    root = Element("Tagging", xmlns=s3.S3_NS)
    group = SubElement(root, "TagSet")
    for tag in tags:
        element = SubElement(group, "Tag")
        SubElement(element, "Key").text = tag["Key"]
        SubElement(element, "Value").text = str(tag["Value"])
    return tostring(root)


def delete_bucket(physical_id, props):
    """CloudFormation empties nothing: a bucket that holds anything fails the deletion of its stack."""
    bucket = s3._buckets.get(physical_id)
    if bucket is not None and (bucket["objects"] or s3._bucket_has_versions(physical_id)):
        versioned = s3._bucket_versioning.get(physical_id)
        raise ValueError("The bucket you tried to delete is not empty"
                         + (". You must delete all versions in the bucket." if versioned else "")
                         + " (Service: S3, Status Code: 409)")
    DELETE_BUCKET(physical_id, props)

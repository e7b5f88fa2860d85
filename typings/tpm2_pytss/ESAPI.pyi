from types import TracebackType

from tpm2_pytss.constants import ESYS_TR, TPM2_ALG, TPM2_SE
from tpm2_pytss.TCTILdr import TCTILdr
from tpm2_pytss.types import (
    TPM2B_ATTEST,
    TPM2B_DIGEST,
    TPM2B_ENCRYPTED_SECRET,
    TPM2B_ID_OBJECT,
    TPM2B_MAX_NV_BUFFER,
    TPM2B_NV_PUBLIC,
    TPM2B_PRIVATE,
    TPM2B_PUBLIC,
    TPM2B_SENSITIVE_CREATE,
    TPML_DIGEST,
    TPMT_SIGNATURE,
    TPMT_SYM_DEF,
)

class ESAPI:
    def __init__(self, tcti: TCTILdr) -> None: ...
    def __enter__(self) -> ESAPI: ...
    def __exit__(
        self,
        _type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def create(
        self,
        parent_handle: ESYS_TR,
        in_sensitive: TPM2B_SENSITIVE_CREATE,
        in_public: TPM2B_PUBLIC,
        *,
        session1: ESYS_TR,
    ) -> tuple[TPM2B_PRIVATE, TPM2B_PUBLIC, object, object, object]: ...
    def create_primary(
        self, in_sensitive: TPM2B_SENSITIVE_CREATE, in_public: TPM2B_PUBLIC, hierarchy: ESYS_TR
    ) -> tuple[ESYS_TR, TPM2B_PUBLIC, object, object, object]: ...
    def load(
        self, parent: ESYS_TR, private: TPM2B_PRIVATE, public: TPM2B_PUBLIC, *, session1: ESYS_TR
    ) -> ESYS_TR: ...
    def activate_credential(
        self,
        activate_handle: ESYS_TR,
        key_handle: ESYS_TR,
        credential_blob: TPM2B_ID_OBJECT,
        secret: TPM2B_ENCRYPTED_SECRET,
        *,
        session1: ESYS_TR,
        session2: ESYS_TR,
    ) -> TPM2B_DIGEST: ...
    def quote(
        self, sign_handle: ESYS_TR, pcr_select: str, qualifying_data: bytes
    ) -> tuple[TPM2B_ATTEST, TPMT_SIGNATURE]: ...
    def pcr_read(self, pcr_selection_in: str) -> tuple[int, object, TPML_DIGEST]: ...
    def tr_from_tpmpublic(self, handle: int) -> ESYS_TR: ...
    def nv_read_public(self, nv_index: ESYS_TR) -> tuple[TPM2B_NV_PUBLIC, object]: ...
    def nv_read(
        self, nv_index: ESYS_TR, size: int, offset: int, *, auth_handle: ESYS_TR
    ) -> TPM2B_MAX_NV_BUFFER: ...
    def start_auth_session(
        self,
        tpm_key: ESYS_TR,
        bind: ESYS_TR,
        session_type: TPM2_SE,
        symmetric: TPMT_SYM_DEF,
        auth_hash: TPM2_ALG,
    ) -> ESYS_TR: ...
    def policy_secret(
        self,
        auth_handle: ESYS_TR,
        policy_session: ESYS_TR,
        nonce_tpm: bytes,
        cp_hash_a: bytes,
        policy_ref: bytes,
        expiration: int,
    ) -> object: ...
    def flush_context(self, flush_handle: ESYS_TR) -> None: ...

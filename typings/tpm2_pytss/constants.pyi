class ESYS_TR(int):
    NONE: ESYS_TR
    PASSWORD: ESYS_TR
    OWNER: ESYS_TR
    ENDORSEMENT: ESYS_TR

class TPM2_ALG(int):
    NULL: TPM2_ALG
    SHA256: TPM2_ALG

class TPM2_SE(int):
    POLICY: TPM2_SE

class TPMA_OBJECT(int): ...

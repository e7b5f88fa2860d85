from collections.abc import Mapping

def generate_from_binary(
    pdf_file: bytes,
    xml: bytes,
    *,
    level: str = ...,
    check_xsd: bool = ...,
    pdf_metadata: Mapping[str, str] | None = ...,
) -> bytes: ...
def get_xml_from_pdf(pdf_file: bytes, *, check_xsd: bool = ...) -> tuple[str, bytes]: ...

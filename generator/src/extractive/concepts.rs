//! Words of a business that stand for the same matter in questions and documents, in several languages.

use super::terms::fold;

/// A set of matters, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Concepts(u32);

pub(crate) const OPENING: Concepts = Concepts(1);
pub(crate) const PRICE: Concepts = Concepts(1 << 1);
pub(crate) const LOCATION: Concepts = Concepts(1 << 4);
pub(crate) const CONTACT: Concepts = Concepts(1 << 5);

/// One row for each bit; a final `*` allows any ending. Written folded.
#[rustfmt::skip]
const WORDS: [&str; 13] = [
    // Opening.
    "open opens opened opening hour hours close closes closed closing offnungszeit* geoffnet offen offnet offnen geschlossen \
     schliess* abren abre abrir abierto abierta abiertos horario* cerrad* cierra* ouvert* ouvre* ferme* horaire* apert* orari* \
     开门 营业 开放 关门 مفتوح* تفتح* يفتح نفتح ساعات مواعيد دوام",
    // Price.
    "price* pricing cost costs fee fees charge* preis* kostet kosten gebuhr* precio* cuesta* coste* tarif* prix cout* prezz* \
     价格 价钱 费用 售价 سعر* اسعار السعر تكلفة يكلف ثمن",
    // Delivery.
    "deliver* ship ships shipped shipping shipment* dispatch* liefer* versand* versend* verschick* envio* enviar* envia* entreg* \
     livr* expedi* 配送 发货 送货 运费 快递 送达 توصيل* التوصيل شحن الشحن",
    // Return.
    "return* refund* exchange* ruckgab* zuruckgeb* zurucksend* umtausch* erstatt* devol* devuel* reembols* retour* rembours* \
     退货 退款 退换 ارجاع الارجاع استرجاع استرداد",
    // Location.
    "address* location* located situated adresse* anschrift* standort* direccion* ubica* indirizz* \
     地址 位置 عنوان* العنوان موقع*",
    // Contact.
    "phone* telephone* telefon* email* mail contact* kontakt* hotline call reach anrufen erreich* llamar contactar* \
     电话 联系 邮箱 هاتف* الهاتف اتصل* الاتصال",
    // Payment.
    "pay pays paid paying payment* card cards cash zahl* bezahl* karte* kartenzahlung bargeld pago* pagar* tarjeta* efectivo \
     支付 付款 دفع الدفع",
    // Stock.
    "stock stocked inventor* unit units bestand* lagernd auflager existencia* quantity 库存 مخزون",
    // Identifier.
    "sku article* artikelnummer* artikel item referencia* 编号 货号",
    // Warranty.
    "warrant* guarante* garanti* gewahrleist* 保修 质保 ضمان الضمان",
    // Booking.
    "book books booking* reserv* appointment* termin* buchen buchung* cita citas 预约 预订 حجز الحجز موعد",
    // Parking.
    "park parks parking parkplatz* parken aparca* estaciona* 停车 موقف",
    // Cancelling.
    "cancel* stornier* kundig* anular* 取消 الغاء",
];

impl Concepts {
    /// Returns the matters that a word, in any case, stands for.
    pub(crate) fn of(word: &str) -> Self {
        let word = fold(word);
        let stands = |row: &&str| {
            row.split_whitespace().any(|entry| match entry.strip_suffix('*') {
                Some(start) => word.starts_with(start),
                None => word == entry,
            })
        };
        let bits = WORDS.iter().enumerate().filter(|(_, row)| stands(row)).map(|(bit, _)| 1 << bit);
        Self(bits.sum())
    }

    /// Returns whether two sets have a matter in common.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns whether the set is empty.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Concepts;

    #[test]
    fn words_for_the_same_matter_meet() {
        for (one, other) in [
            ("open", "Hours"),
            ("kostet", "Preis"),
            ("shipping", "delivery"),
            ("开门", "营业"),
            ("تفتحون", "ساعات"),
        ] {
            assert!(Concepts::of(one).meets(Concepts::of(other)), "{one} {other}");
        }
        assert!(!Concepts::of("open").meets(Concepts::of("price")));
        assert!(Concepts::of("banana").is_empty());
    }
}

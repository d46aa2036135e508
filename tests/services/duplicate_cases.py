"""Pairs of contacts, labelled by hand: one person (SAME), or two who are only alike (OTHERS). All made up.

`who` takes a name and addresses: a mail has an @, a number begins with +, anything else is "kind:value"."""
from __future__ import annotations

from helpdesk.services.contact_traits import Traits


def who(name: str = "", *addresses: str, company: str = "", site: str | None = None, says: str = "") -> Traits:
    """A contact. `site`: the site's own id; `says`: an address that they said is theirs and that is somebody else's."""
    found = tuple(map(_address, addresses))
    return Traits(0, name, company, site, found, (_address(says),) if says else ())


def _address(text: str) -> tuple[str, str]:
    kind = "email" if "@" in text else "phone" if text.startswith("+") else text.split(":")[0]
    return kind, text.removeprefix(f"{kind}:")


# (one, the other, how many contacts bear the name)
SAME = [
    # a number written in two ways
    (who("Ana Souza", "+5511987654321"), who("Ana Souza", "+551187654321"), 2),
    (who("Ana", "+5521998761234"), who("Ana Paula Souza", "+552198761234", "anapaula@uol.com.br"), 2),
    (who("Martín Fernández", "+5491123456789"), who("M. Fernández", "+541123456789"), 2),
    (who("mãe da Bia", "+5531988887777"), who("Maria Oliveira", "+553188887777"), 2),
    (who("Lucía Romero", "+5493514567890"), who("", "+543514567890"), 2),
    (who("Rizky Pratama", "+6281234567890"), who("Rizky Pratama", "+6081234567890"), 9),
    (who("Jonas Weber", "+431701234567"), who("Jonas Weber", "+491701234567"), 4),
    # one mailbox
    (who("Ann Lee", "ann.lee@gmail.com"), who("Ann Lee", "annlee@gmail.com"), 2),
    (who("", "r.patel+shop@gmail.com"), who("Rakesh Patel", "rpatel@googlemail.com"), 2),
    (who("Chiara Bianchi", "chiara+ordini@libero.it"), who("Chiara B.", "chiara@libero.it"), 2),
    (who("Tom Baker", "tom.baker+test@fastmail.com"), who("Tom", "tom.baker@fastmail.com"), 2),
    (who("Priya Nair", "priya.nair@gmail.com"), who("Priya N", "priyanair+news@gmail.com"), 2),
    (who("shop visitor", "dewi.lestari@gmail.com"), who("Dewi Lestari", "dewilestari@gmail.com"), 6),
    # a slip in the domain
    (who("Carlos Vega", "carlos.vega@gmial.com"), who("Carlos Vega", "carlos.vega@gmail.com"), 4),
    (who("", "sunita.rao@gmail.con"), who("Sunita Rao", "sunita.rao@gmail.com"), 2),
    (who("Peter Novák", "pnovak81@hotnail.com"), who("Peter Novák", "pnovak81@hotmail.com"), 2),
    (who("", "ozlem.kaya@yaho.com"), who("Özlem Kaya", "ozlem.kaya@yahoo.com"), 2),
    (who("Fatima", "fatima.zahra90@outlok.com"), who("Fatima Zahra", "fatima.zahra90@outlook.com"), 2),
    (who("", "jgarcia77@gamil.com"), who("Javier García", "jgarcia77@gmail.com"), 9),
    # the same start of the address elsewhere
    (who("Olga Smirnova", "olga_s_1987@mail.ru"), who("Olga Smirnova", "olga_s_1987@gmail.com"), 6),
    (who("Ольга Смирнова", "olga_s_1987@yandex.ru"), who("Olga Smirnova", "olga_s_1987@gmail.com"), 2),
    (who("Kevin Odhiambo", "kevodhi254@yahoo.com"), who("Kevin Odhiambo", "kevodhi254@gmail.com"), 2),
    (who("Marie Dupont", "sunflower.paris75@free.fr"), who("Marie Dupont", "sunflower.paris75@gmail.com"), 9),
    (who("Joaquín Peña", "quino1991@hotmail.com"), who("Joaquin Pena", "quino1991@gmail.com"), 2),
    (who("Budi Santoso", "budi.santoso77@yahoo.co.id"), who("Budi Santoso", "budi.santoso77@gmail.com"), 9),
    (who("Thandiwe Mokoena", "thandi88@gmail.com"), who("Thandiwe Mokoena", "thandi88@icloud.com"), 2),
    # a handle that is also the start of an address, or a handle elsewhere
    (who("annlee_84", "instagram:178414"), who("Ann Lee", "annlee84@gmail.com"), 2),
    (who("Ravi Kumar", "x:ravik_codes99"), who("Ravi Kumar", "ravikcodes99@gmail.com"), 20),
    (who("Diego Torres", "x:dtorres_2001"), who("Diego Torres", "dtorres2001@outlook.com"), 8),
    (who("Sofie Lund", "x:sofielund93"), who("Sofie Lund", "slack:sofielund93"), 2),
    # a rare name, on another channel
    (who("Wolfgang Hohenlohe", "w.hohenlohe@web.de"), who("Wolfgang Hohenlohe", "+4915112345678"), 2),
    (who("Siti Nurhaliza Putri", "telegram:8812"), who("Siti Nurhaliza Putri", "siti.np@gmail.com"), 2),
    (who("Lakshmi Narayanan", "+919812345678"), who("Narayanan Lakshmi", "lakshmi@narayanan.example"), 2),
    (who("Guðrún Helgadóttir", "gudrun@simnet.is"), who("Gudrun Helgadottir", "telegram:4411"), 2),
    (who("María García López", "maria.gl@telefonica.es"), who("María García López", "telegram:991"), 2),
    (who("Nguyễn Thị Mai Anh", "telegram:5512"), who("Nguyen Thi Mai Anh", "maianh@viettel.vn"), 2),
    (who("Jean-Baptiste Moreau", "jb.moreau@orange.fr"), who("Jean Baptiste Moreau", "+33612345678"), 2),
    (who("Zbigniew Wiśniewski", "zbyszek@onet.pl"), who("ZBIGNIEW WISNIEWSKI", "+48601234567"), 2),
    (who("O'Brien, Fionnuala", "fionnuala@eircom.ie"), who("Fionnuala O’Brien", "+353861234567"), 2),
    (who("王小明", "wangxm@qq.com"), who("王小明", "+8613812345678"), 2),
    (who("김민서", "minseo@naver.com"), who("김 민서", "telegram:7001"), 2),
    (who("Muhammad Abdul Rahman", "marahman@yahoo.com"), who("Mohammed Abdul-Rahman", "+8801712345678"), 2),
    (who("Jürgen Müller-Lüdenscheidt", "jml@gmx.de"), who("Juergen Mueller-Luedenscheidt", "telegram:31"), 2),
    (who("Ngozi Okonkwo-Eze", "ngozi@okonkwo.example"), who("Ngozi Okonkwo Eze", "messenger:5567"), 2),
    # the same name in two scripts
    (who("राजेश्वरी शर्मा", "+919898989898"), who("Rajeshwari Sharma", "rajeshwari.s@rediffmail.com"), 2),
    (who("Александр Кузнецов", "telegram:1234"), who("Aleksandr Kuznetsov", "a.kuznetsov@mail.ru"), 2),
    (who("محمد الفاروق", "+201001234567"), who("Mohammed Al-Farouq", "m.farouq@gmail.com"), 2),
    # a company stands in for rarity
    (who("John Smith", "john.smith@acme.com", company="Acme Ltd"), who("John Smith", "+447700900123", company="ACME"),
     4),
    (who("Maria Silva", "telegram:71", company="Padaria Sol"), who("Maria Silva", "maria@padariasol.com.br",
                                                                   company="Padaria Sol Ltda"), 5),
    # what somebody said
    (who("Visitor", says="ann@example.com"), who("Ann Lee", "ann@example.com"), 2),
    (who("Ann", "telegram:44", says="ann@example.com"), who("Ann Lee", "ann@example.com"), 2),
    (who("Hiroshi", says="+819012345678"), who("田中 博", "+819012345678"), 2),
    (who("", says="joao.p@gmail.com"), who("João Pereira", "joaop@gmail.com"), 9),
    # hard ones, which nothing but luck would find
    (who("Bob Miller", "bob@millerhome.example"), who("Robert Miller", "+12025550143"), 6),
    (who("Sri", "telegram:900"), who("Sri Wahyuni", "sriwahyuni@gmail.com"), 30),
    (who("小明 王", "telegram:65"), who("Xiaoming Wang", "xmwang@163.com"), 2),
]

OTHERS = [
    # one word is no name
    (who("Wati", "telegram:1"), who("Wati", "wati@gmail.com"), 2),
    (who("Suharto", "+6281200000001"), who("Suharto", "telegram:2"), 2),
    (who("Maria", "maria@gmail.com"), who("Maria", "+5511912345678"), 40),
    (who("Ann", "telegram:3"), who("Ann Lee", "ann.lee@gmail.com"), 2),
    (who("José", "jose@yahoo.com"), who("José", "jose@gmail.com"), 40),
    (who("राहुल", "+919800000001"), who("राहुल", "telegram:5"), 2),
    (who("محمد", "+201000000001"), who("محمد", "telegram:6"), 40),
    (who("Budi", "budi@kopi.example", company="Kopi & Co"), who("Budi", "telegram:9", company="Kopi & Co"), 2),
    # a name that many bear
    (who("Maria Silva", "maria.silva@gmail.com"), who("Maria Silva", "telegram:10"), 41),
    (who("Rahul Sharma", "+919811111111"), who("Rahul Sharma", "rahul.sharma@gmail.com"), 30),
    (who("王伟", "+8613800000001"), who("王伟", "wangwei@163.com"), 41),
    (who("John Smith", "telegram:12"), who("John Smith", "john.smith@comcast.net"), 12),
    (who("Nguyễn Văn An", "telegram:13"), who("Nguyen Van An", "an.nguyen@gmail.com"), 25),
    (who("Mohammed Ali", "+971500000001"), who("Muhammad Ali", "m.ali@gmail.com"), 35),
    (who("Jan Novák", "jan.novak@seznam.cz"), who("Jan Novák", "+420601234567"), 18),
    (who("Kim Min-su", "telegram:14"), who("Kim Min-su", "minsu@naver.com"), 7),
    # the same name in different firms
    (who("John Smith", "john.smith@acme.com"), who("John Smith", "john.smith@globex.com"), 2),
    (who("Peter Schmidt", "p.schmidt@siemens.example"), who("Peter Schmidt", "peter.schmidt@bosch.example"), 2),
    (who("Laura Rossi", "laura@rossi-vini.it", company="Rossi Vini"),
     who("Laura Rossi", "laura@studiolegale.it", company="Studio Legale Conti"), 2),
    (who("Andrea Conti", "telegram:15", company="Conti Moda"), who("Andrea Conti", "a.conti@fiat.example",
                                                                  company="Fiat"), 2),
    (who("David Cohen", "david@cohenlaw.example"), who("David Cohen", "david@sunbakery.example"), 3),
    (who("Li Na", "lina@huawei.example"), who("Li Na", "lina@lenovo.example"), 4),
    # fathers and sons, generations
    (who("Roberto Alves", "roberto.alves@uol.com.br"), who("Roberto Alves Filho", "telegram:16"), 2),
    (who("Antônio Pereira Neto", "+5511911110000"), who("Antônio Pereira", "apereira@terra.com.br"), 2),
    (who("Martin King Jr.", "mking@aol.com"), who("Martin King Sr.", "+12025550111"), 2),
    (who("William Gates III", "telegram:17"), who("William Gates", "bill@gates.example"), 2),
    (who("Carlos Díaz hijo", "cdiaz@live.com"), who("Carlos Díaz", "+5491144440000"), 2),
    # sisters, brothers, couples
    (who("Anna Meyer", "anna.meyer@gmx.de"), who("Hanna Meyer", "hanna.meyer@gmx.de"), 2),
    (who("Anna Meyer", "anna@familie-meyer.de"), who("Peter Meyer", "peter@familie-meyer.de"), 2),
    (who("Maria Santos", "+5511977770001"), who("Mario Santos", "+5511977770002"), 2),
    (who("Jan de Vries", "jan@devries.nl"), who("Jans de Vries", "jans@devries.nl"), 2),
    (who("Priya Sharma", "+919822220001"), who("Priyanka Sharma", "+919822220002"), 2),
    (who("Ahmed Hassan", "ahmed@hassan.example"), who("Ahmad Hassan", "ahmad@hassan.example"), 2),
    (who("Sofia Ivanova", "sofia.ivanova@mail.ru"), who("Sonia Ivanova", "sonia.ivanova@mail.ru"), 2),
    (who("Luca Ferrari", "luca.ferrari@libero.it"), who("Lucia Ferrari", "lucia.ferrari@libero.it"), 2),
    (who("Dewi Lestari", "+6281311110001"), who("Dewa Lestari", "+6281311110002"), 2),
    (who("Emma Wilson", "wilson.family@gmail.com"), who("Jack Wilson", "jack.wilson@gmail.com"), 2),
    # colleagues
    (who("Ann Lee", "ann.lee@acme.com", company="Acme"), who("Ann Leigh", "ann.leigh@acme.com", company="Acme"), 2),
    (who("Ann Lee", "ann.lee@acme.com", company="Acme"), who("Bob Stone", "bob.stone@acme.com", company="Acme"), 2),
    (who("John Smith", "john.smith@acme.com", company="Acme"), who("John Smith", "j.smith2@acme.com", company="Acme"),
     12),
    (who("Tim Cook", "tcook@apple.example"), who("Tom Cook", "tocook@apple.example"), 2),
    (who("Eva Braun-Keller", "eva@keller.example"), who("Uwe Keller", "uwe@keller.example"), 2),
    # a company's door, a switchboard
    (who("Acme Support", "info+sales@acme.com"), who("Karl Voss", "info+karl@acme.com"), 2),
    (who("Ann Lee", "info@acme.com"), who("Bob Stone", "info@globex.com"), 2),
    (who("", "info@acme.com"), who("", "info@acme.de"), 2),
    (who("Ines Prado", "sales+ines@prado.es"), who("Juan Prado", "sales+juan@prado.es"), 2),
    (who("Sam Reed", says="info@acme.com"), who("Acme", "info@acme.com"), 2),
    (who("Kai Berg", "+4930123456"), who("Ute Holm", "+4930123457"), 2),
    (who("Kai Berg", "kai@berg.example", says="+4930123456"), who("Ute Holm", "ute@holm.example", says="+4930123456"),
     2),
    (who("Rosa Blum", "office@blum.at"), who("Max Blum", "office@blum.com"), 2),
    # a short or common start of the address
    (who("", "ann@gmail.com"), who("", "ann@yahoo.com"), 2),
    (who("Maria Lopez", "maria@gmail.com"), who("Maria Ruiz", "maria@yahoo.com"), 2),
    (who("Chris Evans", "chris@evans.example"), who("Chris Brown", "chris@brown.example"), 2),
    (who("", "john.smith@gmail.com"), who("", "john.smith@yahoo.com"), 12),
    (who("Ali Khan", "ali.khan@gmail.com"), who("Ali Khan", "ali.khan@hotmail.com"), 30),
    (who("Eve Adams", "dragon99@gmail.com"), who("Tom Reed", "dragon99@yahoo.com"), 2),
    (who("Ann Lee", "annlee1@gmail.com"), who("Ann Lee", "annlee2@gmail.com"), 9),
    # numbers close to each other
    (who("Paul Klein", "+4917012345601"), who("Jörg Wolf", "+4917012345602"), 2),
    (who("Ana Lima", "+5511987654321"), who("Rui Costa", "+5521987654321"), 2),
    (who("Ana Souza", "+5511987654321"), who("Ana Costa", "+5511987654329"), 2),
    (who("Ana Lima", "+491701234567"), who("Uwe Kurz", "+431701234567"), 2),
    # the site knows them as two
    (who("Ann Lee", "ann@lee.example", site="17"), who("Ann Lee", "telegram:20", site="23"), 2),
    (who("Olga Smirnova", "olga_s_1987@mail.ru", site="a"), who("Olga Smirnova", "olga_s_1987@gmail.com", site="b"), 2),
    (who("Carlos Vega", "carlos.vega@gmial.com", site="1"), who("Carlos Vega", "carlos.vega@gmail.com", site="2"), 2),
    # somebody says that a stranger's address is theirs
    (who("Eve Adams", "telegram:21", says="ann@example.com"), who("Ann Lee", "ann@example.com"), 2),
    (who("Mallory Quint", says="+4917012345678"), who("Peter Kurz", "+4917012345678"), 2),
    # no name at all
    (who("Customer", "telegram:22"), who("Customer", "customer1@gmail.com"), 2),
    (who("Unknown Guest", "telegram:23"), who("Unknown Guest", "+4917012345000"), 2),
    (who("", "telegram:24"), who("", "messenger:24"), 2),
    (who("Support Team", "telegram:25"), who("Support Team", "help@acme.com"), 2),
    (who("123456", "telegram:26"), who("123456", "+4917012345001"), 2),
    (who("😀😀", "telegram:27"), who("😀😀", "instagram:27"), 2),
    # alike, and hard: two grandmothers of one rare name
    (who("Aurelia Vandenbroucke", "aurelia@skynet.be"), who("Aurelia Vandenbroucke", "+32470123456"), 2),
]

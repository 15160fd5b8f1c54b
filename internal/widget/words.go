package widget

import (
	"strconv"
	"strings"
	"time"

	"broadsheet/internal/content"
)

// words are what a frame itself says, in the newsroom's language.
type words struct {
	Lang       string
	By         string // before the names of a byline
	More       string
	Newest     string // back to the beginning of a list
	Corrected  string
	Members    string // a story that only members read to its end
	Paid       string // a story that only subscribers read to its end
	Video      string
	Withdrawn  string // a story that the newsroom took back
	Missing    string // nothing at this address
	Closed     string // the page's key does not open it
	Owner      string // before what only those can do something about whose page it is
	Nothing    string // an empty list
	ToTheSite  string // link to the newsroom; %s is its name
	AllOf      string // link to a tag's or an author's page; %s is the name
	Latest     string // title of the list of everything
	Join       string
	joinedOf   string // with %j who joined and %g the goal
	joined     string // with %j who joined
	asOf       string // with %d a date
	minutes    string // with %m minutes to read
	day        string // with %d, %m, %y
	thousands  string
	monthNames string
}

// languages are those that the frames speak, the first where they do not speak the newsroom's.
func languages() []words {
	return []words{{
		Lang: "en", By: "By", More: "Show more", Newest: "Back to the newest", Corrected: "Corrected", Members: "Members", Paid: "Subscribers",
		Video: "Video", Withdrawn: "This story was withdrawn by the newsroom.", Missing: "There is nothing to show here.",
		Closed: "This cannot be shown here at the moment.", Owner: "For the owner of this page", Nothing: "No stories yet.",
		ToTheSite: "Go to %s", AllOf: "All of %s", Latest: "Latest", Join: "Join", joinedOf: "%j of %g have joined", joined: "%j have joined",
		asOf: "As of %d", minutes: "%m min read", day: "%d %m %y", thousands: ",", monthNames: "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
	}, {
		Lang: "de", By: "Von", More: "Mehr anzeigen", Newest: "Zurück zum Neuesten", Corrected: "Korrigiert", Members: "Mitglieder", Paid: "Abo",
		Video: "Video", Withdrawn: "Die Redaktion hat diesen Beitrag zurückgezogen.", Missing: "Hier gibt es nichts zu zeigen.",
		Closed: "Das kann hier zurzeit nicht gezeigt werden.", Owner: "Für die Betreiber dieser Seite", Nothing: "Noch keine Beiträge.",
		ToTheSite: "Zu %s", AllOf: "Alles zu %s", Latest: "Neueste Beiträge", Join: "Mitmachen", joinedOf: "%j von %g sind dabei", joined: "%j sind dabei",
		asOf: "Stand: %d", minutes: "%m Min. Lesezeit", day: "%d. %m %y", thousands: ".", monthNames: "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
	}, {
		Lang: "es", By: "Por", More: "Mostrar más", Newest: "Volver a lo último", Corrected: "Corregido", Members: "Socios", Paid: "Suscriptores",
		Video: "Vídeo", Withdrawn: "La redacción ha retirado esta noticia.", Missing: "Aquí no hay nada que mostrar.",
		Closed: "Por ahora, esto no se puede mostrar aquí.", Owner: "Para quien gestiona esta página", Nothing: "Todavía no hay noticias.",
		ToTheSite: "Ir a %s", AllOf: "Todo sobre %s", Latest: "Lo último", Join: "Únete", joinedOf: "%j de %g ya participan", joined: "%j ya participan",
		asOf: "A fecha de %d", minutes: "%m min de lectura", day: "%d %m %y", thousands: ".", monthNames: "ene feb mar abr may jun jul ago sept oct nov dic",
	}, {
		Lang: "fr", By: "Par", More: "Afficher plus", Newest: "Revenir au plus récent", Corrected: "Corrigé", Members: "Membres", Paid: "Abonnés",
		Video: "Vidéo", Withdrawn: "La rédaction a retiré cet article.", Missing: "Il n’y a rien à afficher ici.",
		Closed: "Ceci ne peut pas être affiché ici pour le moment.", Owner: "Pour qui gère cette page", Nothing: "Pas encore d’articles.",
		ToTheSite: "Aller sur %s", AllOf: "Tout sur %s", Latest: "Dernières nouvelles", Join: "Participer", joinedOf: "%j sur %g ont rejoint", joined: "%j ont rejoint",
		asOf: "Au %d", minutes: "%m min de lecture", day: "%d %m %y", thousands: "\u202f", monthNames: "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
	}, {
		Lang: "sv", By: "Av", More: "Visa fler", Newest: "Tillbaka till det senaste", Corrected: "Rättad", Members: "Medlemmar", Paid: "Prenumeranter",
		Video: "Video", Withdrawn: "Redaktionen har dragit tillbaka artikeln.", Missing: "Här finns inget att visa.",
		Closed: "Det här kan inte visas här just nu.", Owner: "För den som driver sidan", Nothing: "Inga artiklar ännu.",
		ToTheSite: "Till %s", AllOf: "Allt om %s", Latest: "Senaste nytt", Join: "Gå med", joinedOf: "%j av %g har gått med", joined: "%j har gått med",
		asOf: "Per den %d", minutes: "%m min läsning", day: "%d %m %y", thousands: "\u00a0", monthNames: "jan. feb. mars apr. maj juni juli aug. sep. okt. nov. dec.",
	}, {
		Lang: "nb", By: "Av", More: "Vis mer", Newest: "Tilbake til det nyeste", Corrected: "Rettet", Members: "Medlemmer", Paid: "Abonnenter",
		Video: "Video", Withdrawn: "Redaksjonen har trukket denne saken tilbake.", Missing: "Her er det ingenting å vise.",
		Closed: "Dette kan ikke vises her akkurat nå.", Owner: "For den som driver siden", Nothing: "Ingen saker ennå.",
		ToTheSite: "Til %s", AllOf: "Alt om %s", Latest: "Siste nytt", Join: "Bli med", joinedOf: "%j av %g er med", joined: "%j er med",
		asOf: "Per %d", minutes: "%m min lesetid", day: "%d. %m %y", thousands: "\u00a0", monthNames: "jan. feb. mars apr. mai juni juli aug. sep. okt. nov. des.",
	}, {
		Lang: "da", By: "Af", More: "Vis mere", Newest: "Tilbage til det nyeste", Corrected: "Rettet", Members: "Medlemmer", Paid: "Abonnenter",
		Video: "Video", Withdrawn: "Redaktionen har trukket denne artikel tilbage.", Missing: "Her er intet at vise.",
		Closed: "Dette kan ikke vises her lige nu.", Owner: "Til sidens ejer", Nothing: "Ingen artikler endnu.",
		ToTheSite: "Til %s", AllOf: "Alt om %s", Latest: "Seneste nyt", Join: "Vær med", joinedOf: "%j af %g er med", joined: "%j er med",
		asOf: "Pr. %d", minutes: "%m min. læsetid", day: "%d. %m %y", thousands: ".", monthNames: "jan. feb. mar. apr. maj juni juli aug. sep. okt. nov. dec.",
	}, {
		Lang: "nl", By: "Door", More: "Meer tonen", Newest: "Terug naar het nieuwste", Corrected: "Gecorrigeerd", Members: "Leden", Paid: "Abonnees",
		Video: "Video", Withdrawn: "De redactie heeft dit artikel ingetrokken.", Missing: "Hier is niets te tonen.",
		Closed: "Dit kan hier op dit moment niet worden getoond.", Owner: "Voor de eigenaar van deze pagina", Nothing: "Nog geen artikelen.",
		ToTheSite: "Naar %s", AllOf: "Alles over %s", Latest: "Laatste nieuws", Join: "Doe mee", joinedOf: "%j van %g doen mee", joined: "%j doen mee",
		asOf: "Per %d", minutes: "%m min leestijd", day: "%d %m %y", thousands: ".", monthNames: "jan. feb. mrt. apr. mei juni juli aug. sep. okt. nov. dec.",
	}, {
		Lang: "pt", By: "Por", More: "Mostrar mais", Newest: "Voltar ao mais recente", Corrected: "Corrigido", Members: "Membros", Paid: "Assinantes",
		Video: "Vídeo", Withdrawn: "A redação retirou esta notícia.", Missing: "Não há nada para mostrar aqui.",
		Closed: "Por enquanto, isto não pode ser mostrado aqui.", Owner: "Para o responsável por esta página", Nothing: "Ainda não há notícias.",
		ToTheSite: "Ir para %s", AllOf: "Tudo sobre %s", Latest: "Últimas notícias", Join: "Participar", joinedOf: "%j de %g já participam", joined: "%j já participam",
		asOf: "Em %d", minutes: "%m min de leitura", day: "%d %m %y", thousands: ".", monthNames: "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
	}, {
		Lang: "it", By: "Di", More: "Mostra altro", Newest: "Torna alle ultime", Corrected: "Corretto", Members: "Soci", Paid: "Abbonati",
		Video: "Video", Withdrawn: "La redazione ha ritirato questo articolo.", Missing: "Qui non c’è nulla da mostrare.",
		Closed: "Per ora questo non può essere mostrato qui.", Owner: "Per chi gestisce questa pagina", Nothing: "Ancora nessun articolo.",
		ToTheSite: "Vai a %s", AllOf: "Tutto su %s", Latest: "Ultime notizie", Join: "Partecipa", joinedOf: "%j su %g hanno aderito", joined: "%j hanno aderito",
		asOf: "Al %d", minutes: "%m min di lettura", day: "%d %m %y", thousands: ".", monthNames: "gen feb mar apr mag giu lug ago set ott nov dic",
	}, {
		Lang: "ar", By: "بقلم", More: "عرض المزيد", Newest: "العودة إلى الأحدث", Corrected: "تصحيح", Members: "للأعضاء", Paid: "للمشتركين",
		Video: "فيديو", Withdrawn: "سحبت هيئة التحرير هذا الخبر.", Missing: "لا يوجد ما يُعرض هنا.",
		Closed: "لا يمكن عرض هذا هنا حاليًا.", Owner: "لصاحب هذه الصفحة", Nothing: "لا توجد أخبار بعد.",
		ToTheSite: "إلى %s", AllOf: "كل ما عن %s", Latest: "آخر الأخبار", Join: "انضم", joinedOf: "انضم %j من أصل %g", joined: "انضم %j",
		asOf: "حتى %d", minutes: "قراءة %m د", day: "%d %m %y", thousands: ",", monthNames: "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
	}}
}

// wordsFor returns the words of a locale such as en or pt-BR.
func wordsFor(locale string) words {
	known, wanted := languages(), primaryLanguage(locale)
	if wanted == "no" || wanted == "nn" { // Norwegian, and the other way to write it
		wanted = "nb"
	}
	for _, language := range known {
		if language.Lang == wanted {
			return language
		}
	}
	return known[0]
}

func primaryLanguage(locale string) string {
	language, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	return strings.ToLower(language)
}

// direction is that in which a locale's script runs: rtl or ltr.
func direction(locale string) string {
	for _, script := range []string{"arab", "hebr", "thaa", "syrc", "nkoo"} {
		if strings.Contains(strings.ToLower(locale), "-"+script) {
			return "rtl"
		}
	}
	switch primaryLanguage(locale) {
	case "ar", "fa", "he", "iw", "ur", "ps", "sd", "ug", "yi", "dv", "ckb":
		if strings.Contains(strings.ToLower(locale), "-latn") {
			return "ltr"
		}
		return "rtl"
	default:
		return "ltr"
	}
}

// Date writes a day, in UTC: the frame is the same for everybody.
func (w words) Date(t time.Time) string {
	t = t.UTC()
	month := strings.Fields(w.monthNames)[t.Month()-1]
	return strings.NewReplacer("%d", strconv.Itoa(t.Day()), "%m", month, "%y", strconv.Itoa(t.Year())).Replace(w.day)
}

// Number writes a whole number with its thousands set apart.
func (w words) Number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + w.thousands + digits[i:]
	}
	return digits
}

// Minutes says how long a story takes to read.
func (w words) Minutes(n int) string {
	return strings.ReplaceAll(w.minutes, "%m", strconv.Itoa(n))
}

// AsOf says how old a count is.
func (w words) AsOf(t time.Time) string { return strings.ReplaceAll(w.asOf, "%d", w.Date(t)) }

// Name puts a name into a phrase such as AllOf.
func (w words) Name(phrase, name string) string { return strings.ReplaceAll(phrase, "%s", name) }

// countPhrase is a phrase around a count.
type countPhrase struct{ Before, Count, After string }

// Joined says how many have joined, and of how many.
func (w words) Joined(c *content.Campaign) countPhrase {
	phrase := w.joined
	if c.Goal != nil {
		phrase = strings.ReplaceAll(w.joinedOf, "%g", w.Number(*c.Goal))
	}
	before, after, _ := strings.Cut(phrase, "%j")
	return countPhrase{before, w.Number(c.Joined), after}
}

// Length writes the length of a film, such as 3:05.
func (w words) Length(seconds int) string {
	rest := strconv.Itoa(100 + seconds%60)[1:]
	if seconds < 3600 {
		return strconv.Itoa(seconds/60) + ":" + rest
	}
	return strconv.Itoa(seconds/3600) + ":" + strconv.Itoa(100 + seconds/60%60)[1:] + ":" + rest
}

package content

import (
	"encoding/json"
	"io"
	"time"
)

// Seo is what search engines and link previews should show.
type Seo struct {
	Title       string
	Description string
	Image       *Image
}

// Seo falls back to what the article itself shows.
func (a *Article) Seo() *Seo {
	seo := &Seo{Title: a.Title, Description: a.Excerpt, Image: a.SeoImage}
	if a.SeoTitle != nil && *a.SeoTitle != "" {
		seo.Title = *a.SeoTitle
	}
	if a.SeoDescription != nil && *a.SeoDescription != "" {
		seo.Description = *a.SeoDescription
	}
	return seo
}

// JSON is a value that is written as it is.
type JSON []byte

func (j JSON) MarshalGQL(w io.Writer) { _, _ = w.Write(j) }

func (j *JSON) UnmarshalGQL(v any) (err error) {
	*j, err = json.Marshal(v)
	return err
}

type (
	newsArticle struct {
		Context             string           `json:"@context"`
		Type                string           `json:"@type"`
		Headline            string           `json:"headline"`
		Description         string           `json:"description,omitempty"`
		URL                 string           `json:"url"`
		MainEntityOfPage    string           `json:"mainEntityOfPage"`
		Image               []string         `json:"image,omitempty"`
		DatePublished       time.Time        `json:"datePublished"`
		DateModified        time.Time        `json:"dateModified"`
		Author              []entity         `json:"author,omitempty"`
		Publisher           entity           `json:"publisher"`
		ArticleSection      string           `json:"articleSection,omitempty"`
		Keywords            []string         `json:"keywords,omitempty"`
		InLanguage          string           `json:"inLanguage,omitempty"`
		WordCount           int              `json:"wordCount,omitempty"`
		IsAccessibleForFree bool             `json:"isAccessibleForFree"`
		Video               *videoObject     `json:"video,omitempty"`
		Correction          []correctionNote `json:"correction,omitempty"`
	}

	entity struct {
		Type string  `json:"@type"`
		Name string  `json:"name"`
		URL  string  `json:"url,omitempty"`
		Logo *string `json:"logo,omitempty"`
	}

	videoObject struct {
		Type         string    `json:"@type"`
		Name         string    `json:"name"`
		Description  string    `json:"description,omitempty"`
		ContentURL   string    `json:"contentUrl"`
		EmbedURL     *string   `json:"embedUrl,omitempty"`
		ThumbnailURL []string  `json:"thumbnailUrl,omitempty"`
		UploadDate   time.Time `json:"uploadDate"`
	}

	correctionNote struct {
		Type string    `json:"@type"`
		Text string    `json:"text"`
		Date time.Time `json:"datePublished"`
	}
)

// JSONLd describes the article as a schema.org NewsArticle with what Google asks of one
// (developers.google.com/search/docs/appearance/structured-data/article). It is safe inside a script element.
func (a *Article) JSONLd() (JSON, error) {
	return json.Marshal(newsArticle{
		Context: "https://schema.org", Type: "NewsArticle",
		Headline: a.Title, Description: a.Excerpt, URL: a.URL(), MainEntityOfPage: a.CanonicalURL(),
		Image: imageURLs(a.LeadImage), DatePublished: a.PublishedAt, DateModified: a.ModifiedAt(),
		Author: a.people(), Publisher: entity{Type: "NewsMediaOrganization", Name: a.publisher.Name, URL: a.publisher.URL, Logo: a.publisher.LogoURL},
		ArticleSection: a.section(), Keywords: a.keywords(), InLanguage: a.Locale, WordCount: a.WordCount,
		IsAccessibleForFree: a.Access == AccessPublic, Video: a.videoObject(), Correction: a.correctionNotes(),
	})
}

// ModifiedAt is when the article last changed. It is never before the publication, as the last change of a story that
// waited to be published is.
func (a *Article) ModifiedAt() time.Time {
	if a.UpdatedAt.Before(a.PublishedAt) {
		return a.PublishedAt
	}
	return a.UpdatedAt
}

func imageURLs(image *Image) []string {
	if image == nil {
		return nil
	}
	return []string{image.URL}
}

func (a *Article) people() []entity {
	people := make([]entity, len(a.Authors))
	for i, author := range a.Authors {
		people[i] = entity{Type: "Person", Name: author.Name, URL: author.URL()}
	}
	return people
}

func (a *Article) section() string {
	if tag := a.PrimaryTag(); tag != nil {
		return tag.Name
	}
	return ""
}

func (a *Article) keywords() []string {
	names := make([]string, len(a.Tags))
	for i, tag := range a.Tags {
		names[i] = tag.Name
	}
	return names
}

func (a *Article) videoObject() *videoObject {
	if a.Video == nil {
		return nil
	}
	thumbnail := a.Video.Poster
	if thumbnail == nil {
		thumbnail = a.LeadImage
	}
	return &videoObject{
		Type: "VideoObject", Name: a.Title, Description: a.Excerpt, ContentURL: a.Video.URL, EmbedURL: a.Video.EmbedURL,
		ThumbnailURL: imageURLs(thumbnail), UploadDate: a.PublishedAt,
	}
}

func (a *Article) correctionNotes() []correctionNote {
	notes := make([]correctionNote, len(a.Corrections))
	for i, c := range a.Corrections {
		notes[i] = correctionNote{Type: "CorrectionComment", Text: c.Text, Date: c.At}
	}
	return notes
}

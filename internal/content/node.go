package content

import (
	"context"
	"maps"
	"slices"
)

// Node is whatever has a global id.
type Node interface{ IsNode() }

// Node returns the object with this global id; nil if the audience may see none.
func (s *Service) Node(ctx context.Context, asked *Selection, id string) (Node, error) {
	nodes, err := s.Nodes(ctx, asked, []string{id})
	if err != nil {
		return nil, err
	}
	return nodes[0], nil
}

// Nodes returns the objects with these global ids, nil where the audience may see none.
func (s *Service) Nodes(ctx context.Context, asked *Selection, ids []string) ([]Node, error) {
	if len(ids) > MostPerPage {
		return nil, badInput("nodes takes %d ids at the most, not %d.", MostPerPage, len(ids))
	}
	byType := make(map[string][]int64)
	for _, text := range ids {
		typeName, id, err := parseGlobalID(text)
		if err != nil {
			return nil, err
		}
		byType[typeName] = append(byType[typeName], id)
	}
	found := make(map[string]Node, len(ids))
	err := s.load(ctx, func(b *batch) error {
		for _, typeName := range slices.Sorted(maps.Keys(byType)) {
			if err := s.findNodes(ctx, b, found, typeName, byType[typeName], asked.on(typeName)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]Node, len(ids))
	for i, id := range ids {
		nodes[i] = found[id]
	}
	return nodes, nil
}

// findNodes adds the objects of one type to found, by their global ids.
func (s *Service) findNodes(ctx context.Context, b *batch, found map[string]Node, typeName string, ids []int64, asked *Selection) error {
	switch typeName {
	case "Article":
		s.articlesByID(ctx, b, asked, ids, func(articles []*Article) {
			for _, a := range articles {
				found[globalID(typeName, int64(a.ID))] = a
			}
		})
	case "Author":
		s.authorsByID(ctx, b, asked, ids, func(authors []*Author) {
			for _, a := range authors {
				found[globalID(typeName, int64(a.ID))] = a
			}
		})
	case "Tag":
		s.tagsByID(ctx, b, asked, ids, func(tags []*Tag) {
			for _, t := range tags {
				found[globalID(typeName, int64(t.ID))] = t
			}
		})
	default:
		campaigns, err := s.campaignsByID(ctx, ids)
		if err != nil {
			return err
		}
		for _, c := range campaigns {
			found[globalID(typeName, int64(c.ID))] = c
		}
	}
	return nil
}

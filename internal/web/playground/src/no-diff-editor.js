export class DiffEditorWidget {}
export class MultiDiffEditorWidget {}

// Collects the licences of the packages that a bundle contains, as these licences ask.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

// notices returns the text for the bundle made of the given inputs (the keys of esbuild's metafile.inputs).
export async function notices(root, inputs) {
  const folders = new Set(Object.keys(inputs).map(packageOf).filter(Boolean));
  const sections = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(path.join(root, folder, 'package.json'), 'utf8'));
    sections.push(`${name} ${version} (${license})\n\n${await licenceText(path.join(root, folder))}`);
  }
  return `The playground contains the following packages.\n\n${sections.join('\n' + '-'.repeat(80) + '\n')}`;
}

function packageOf(input) {
  return input.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0];
}

async function licenceText(folder) {
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|thirdpartynotices|notice)/i.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')));
  return texts.map((text) => text.trim() + '\n').join('\n');
}

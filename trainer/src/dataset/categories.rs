//! What the numbers of `DeepFashion`'s categories stand for.
//!
//! A number is a row, from 1, of the list of names in the same copy. Some copies list 46 names and some 50, and with the list of
//! another copy every category behind the first missing row gets its neighbour's name. The folders of the pictures tell: their
//! names mostly end in that of the category (`img/Sheer_Blouse/img_00000001.jpg`). So each number is compared with the folders
//! of its pictures, and where the list cannot be right, they name the categories.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use super::gather::Gathering;
use super::table;

/// So many pictures of a number, in folders named after a category, raise doubts about the list; one or two may be odd.
const ENOUGH_TO_DOUBT: usize = 5;
/// So many pictures, of a number or of all together, are no oddity.
const ENOUGH_TO_JUDGE: usize = 20;
/// Names that some copies of the list leave out.
const LEFT_OUT: [&str; 4] = ["Cape", "Nightdress", "Shirtdress", "Sundress"];

/// The list of names, and the numbers of a data set's pictures.
#[derive(Debug)]
pub(super) struct Categories {
    list: PathBuf,
    /// Those of the list in its order, then those that it may lack.
    names: Vec<String>,
    /// How many of them are the list's.
    listed: usize,
    /// Where a name is in `names`, by the name in lower case.
    places: HashMap<String, usize>,
    numbers: BTreeMap<usize, Number>,
}

/// What the pictures with a number have to say.
#[derive(Debug)]
struct Number {
    /// Where it comes first.
    at: String,
    /// How many pictures lie in folders named after a category, by its place among the names.
    folders: BTreeMap<usize, usize>,
}

impl Number {
    fn judged(&self) -> usize {
        self.folders.values().sum()
    }

    /// The place of the name that most folders have, other than `but`, and how many.
    fn most(&self, but: Option<usize>) -> Option<(usize, usize)> {
        let others = self.folders.iter().map(|(&place, &count)| (place, count));
        others.filter(|&(place, _)| Some(place) != but).max_by_key(|&(place, count)| (count, Reverse(place)))
    }
}

impl Categories {
    /// Reads the list of names. Fails, naming the line, where it cannot be understood.
    pub(super) fn read(list: &Path, notes: &mut Vec<String>) -> Result<Self> {
        let mut names = table::category_names(list, notes)?;
        let listed = names.len();
        names.extend(LEFT_OUT.map(str::to_owned));
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            places.entry(name.to_ascii_lowercase()).or_insert(place);
        }
        Ok(Self { list: list.to_owned(), names, listed, places, numbers: BTreeMap::new() })
    }

    /// Takes in a picture's number, and hands back what stands for the category until [`Self::name`] knows it.
    ///
    /// Fails where it is no number from 1 on. `at` says where it is.
    pub(super) fn add(&mut self, number: &str, picture: &str, at: impl FnOnce() -> String) -> Result<String> {
        let parsed = number.parse().ok().filter(|&number: &usize| number > 0);
        let parsed = parsed.with_context(|| self.out_of_range(&format!("{number:?}")))?;
        let folder = picture.rsplit('/').nth(1).unwrap_or_default();
        let word = folder.rsplit('_').next().unwrap_or_default();
        let place = self.places.get(&word.to_ascii_lowercase()).copied();
        let seen =
            self.numbers.entry(parsed).or_insert_with(|| Number { at: at(), folders: BTreeMap::new() });
        if let Some(place) = place {
            *seen.folders.entry(place).or_default() += 1;
        }
        Ok(parsed.to_string())
    }

    /// Puts names where the pictures have numbers, and notes where the list is not followed.
    ///
    /// Fails where the numbers do not belong to the list, and the folders do not tell what they stand for.
    pub(super) fn name(&self, gathering: &mut Gathering) -> Result<()> {
        let names = self.resolve(&mut gathering.notes)?;
        for category in gathering.categories() {
            if let Some(name) = category.parse().ok().and_then(|number: usize| names.get(&number)) {
                category.clear();
                category.push_str(name);
            }
        }
        Ok(())
    }

    fn resolve(&self, notes: &mut Vec<String>) -> Result<BTreeMap<usize, &str>> {
        let is_refuted = self.is_refuted();
        let beyond = self.numbers.iter().find(|(number, _)| self.place(**number).is_none());
        let odd = self.oddest().filter(|(_, seen)| is_refuted || seen.judged() >= ENOUGH_TO_DOUBT);
        let Some((&number, seen)) = odd.or(beyond) else { return Ok(self.by_list()) };
        let said = self.said(number, seen);
        let why = match self.by_folders() {
            Ok(names) => {
                notes.push(format!(
                    "{said}. The numbers belong to another copy of the list, so categories are mapped by name: each \
                     number is what most of its pictures' folders are named after."
                ));
                return Ok(names);
            }
            Err(why) => why,
        };
        if let Some((number, seen)) = beyond {
            bail!("{}: {}", seen.at, self.out_of_range(&number.to_string()));
        }
        ensure!(
            !is_refuted && seen.judged() < ENOUGH_TO_JUDGE,
            "{}: {said}. The numbers belong to another copy of the list, and the folders do not tell what each stands \
             for: {why}",
            seen.at
        );
        notes.push(format!("{said}. They are too few to doubt the list, which is followed."));
        Ok(self.by_list())
    }

    /// Where the list's name of a number is, if it has one.
    fn place(&self, number: usize) -> Option<usize> {
        number.checked_sub(1).filter(|place| *place < self.listed)
    }

    /// Pictures of a number in folders named as the list names it.
    fn agreeing(&self, number: usize, seen: &Number) -> usize {
        self.place(number).and_then(|place| seen.folders.get(&place)).copied().unwrap_or_default()
    }

    /// Of the numbers most of whose folders are named after another category than the list says, that of most pictures.
    fn oddest(&self) -> Option<(&usize, &Number)> {
        let numbers = self.numbers.iter();
        let odd = numbers.filter(|(number, seen)| self.agreeing(**number, seen) * 2 < seen.judged());
        odd.max_by_key(|(number, seen)| (seen.judged(), Reverse(**number)))
    }

    /// Whether most pictures of all numbers together are against the list, however few each number has.
    fn is_refuted(&self) -> bool {
        let judged: usize = self.numbers.values().map(Number::judged).sum();
        let agreeing: usize = self.numbers.iter().map(|(number, seen)| self.agreeing(*number, seen)).sum();
        judged >= ENOUGH_TO_JUDGE && agreeing * 2 < judged
    }

    fn by_list(&self) -> BTreeMap<usize, &str> {
        let name = |number: usize| Some((number, self.names[self.place(number)?].as_str()));
        self.numbers.keys().filter_map(|&number| name(number)).collect()
    }

    /// For each number the name that most of its folders have. Fails, saying why, where there is none or two numbers share it.
    fn by_folders(&self) -> Result<BTreeMap<usize, &str>> {
        let mut numbers = BTreeMap::new();
        for (&number, seen) in &self.numbers {
            let judged = seen.judged();
            // A number that the list does not have may be a slip of the pen.
            let is_enough = self.place(number).is_some() || judged >= ENOUGH_TO_DOUBT;
            let most = seen.most(None).filter(|&(_, count)| is_enough && count * 2 > judged);
            let (place, _) = most.with_context(|| {
                format!("most pictures with the number {number} do not lie in folders named alike")
            })?;
            if let Some(other) = numbers.insert(place, number) {
                bail!(
                    "those of {other} and those of {number} are mostly named after {:?}",
                    self.names[place]
                );
            }
        }
        Ok(numbers.into_iter().map(|(place, number)| (number, self.names[place].as_str())).collect())
    }

    /// What the list says of a number, and what the folders.
    fn said(&self, number: usize, seen: &Number) -> String {
        let (list, own) = (self.list.display(), self.place(number));
        let row = match own {
            Some(place) => format!("{:?} in {list}", self.names[place]),
            None => format!("none of the {} rows of {list}", self.listed),
        };
        let folders = match seen.most(own) {
            Some((place, count)) => format!("{count} in folders named after {:?}", self.names[place]),
            None => "none in another".to_owned(),
        };
        format!(
            "The number {number} is {row}, but of its {} pictures in folders named after a category {} lie in one \
             named so, and {folders}",
            seen.judged(),
            self.agreeing(number, seen)
        )
    }

    fn out_of_range(&self, number: &str) -> String {
        format!(
            "The category is {number}; it must be from 1 to {}, the rows of list_category_cloth.txt",
            self.listed
        )
    }
}

#[cfg(test)]
mod tests;

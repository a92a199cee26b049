//! A network learns to tell items apart and keeps what it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use model::weights::ModelCard;
use safetensors::SafeTensors;

use crate::resume::kill_after_a_checkpoint;
use crate::{RECIPE, data, export, finish, index, refused, train, weights};

/// What is added to the recipe of the network that it starts from.
const MORE: &str = "
[network.instance]
length = 5
hidden = 6
attention = 2
shapes = 3
colours = 4

[loss.distillation]
frozen_blocks = 1
feature = 2.0
boxes = 5.0
neighbours = 1.0
temperature = 0.1
share = 0.5
";

/// A folder of pictures, the last eight of which show no known item, and the network that `RECIPE` made of them.
fn taught(folder: &Path) -> (PathBuf, PathBuf) {
    let data = data(folder);
    let csv = fs::read_to_string(data.join("labels.csv")).unwrap();
    let rows: Vec<String> = csv
        .lines()
        .enumerate()
        .map(|(at, row)| if at < 13 { row.to_owned() } else { row[..=row.rfind(',').unwrap()].to_owned() })
        .collect();
    fs::write(data.join("labels.csv"), rows.join("\n")).unwrap();
    let (run, model) = (folder.join("first"), folder.join("model"));
    finish(train(&data, &run, false));
    finish(export(&run, &model, &["--licence", "CC0-1.0"]));
    let recipe =
        RECIPE.replace("[optimiser]", "[optimiser]\nmethod = \"adamw\"").replace("nesterov = true", "");
    let recipe = recipe.replace("validation = 0.2", "validation = 0.2\nclose_up = 0.1\nalike = 2");
    fs::write(data.join("recipe.toml"), recipe + MORE).unwrap();
    (data, model)
}

fn train_from(data: &Path, model: &Path, run: &Path, resume: bool) -> Command {
    let mut command = train(data, run, resume);
    command.arg("--from").arg(model);
    command
}

#[test]
fn what_it_was_stays_and_a_killed_run_goes_on_to_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = taught(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    finish(train_from(&data, &model, &whole, false));
    let learnt = weights(&whole);

    let before = weights(&folder.path().join("first"));
    let (before, after) =
        (SafeTensors::deserialize(&before).unwrap(), SafeTensors::deserialize(&learnt).unwrap());
    let stays = ["stem.", "blocks.0.", "head.category.", "head.attributes."];
    let mut moved = Vec::new();
    for (name, tensor) in before.tensors() {
        let is_same = tensor.data() == after.tensor(&name).unwrap().data();
        let is_settled = name.ends_with("running_mean") || name.ends_with("running_var");
        if is_settled || stays.iter().any(|start| name.starts_with(start)) {
            assert!(is_same, "{name} moved");
        } else if !is_same {
            moved.push(name);
        }
    }
    assert!(moved.iter().any(|name| name == "blocks.1.conv1.weight"), "{moved:?}");
    // What the teacher says is learnt.
    let log = fs::read_to_string(whole.join("log.csv")).unwrap();
    let columns: Vec<&str> = log.lines().next().unwrap().split(',').collect();
    let place = columns.iter().position(|name| *name == "distillation_loss").unwrap();
    let losses: Vec<f32> =
        log.lines().skip(1).filter_map(|row| row.split(',').nth(place)?.parse().ok()).collect();
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(losses.len() > 1 && last > 0.0 && last < 0.7 * first, "{losses:?}");

    kill_after_a_checkpoint(train_from(&data, &model, &killed, false), &killed);
    let text = finish(train_from(&data, &model, &killed, true));
    assert!(text.contains("Going on after step"), "{text}");
    assert_eq!(learnt, weights(&killed));
}

#[test]
fn labels_are_learnt_by_heads_that_look_at_the_pooled_map() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = taught(folder.path());
    let recipe = fs::read_to_string(data.join("recipe.toml")).unwrap();
    let pooled = recipe
        .replace("box_head = \"map\"", "box_head = \"map\"\nlabel_heads = \"pooled\"")
        .replace("neighbours = 1.0", "neighbours = 1.0\nlabels = 1.0");
    fs::write(data.join("recipe.toml"), pooled).unwrap();
    let run = folder.path().join("run");
    let text = finish(train_from(&data, &model, &run, false));
    // The teacher's heads look at the feature; folded into the pooled map, they are where the run's begin.
    assert!(!text.contains("head.category"), "{text}");
    let log = fs::read_to_string(run.join("log.csv")).unwrap();
    let columns: Vec<&str> = log.lines().next().unwrap().split(',').collect();
    let place = columns.iter().position(|name| *name == "category_loss").unwrap();
    let losses: Vec<f32> =
        log.lines().skip(1).filter_map(|row| row.split(',').nth(place)?.parse().ok()).collect();
    assert!(losses.len() > 1 && losses[losses.len() - 1] < losses[0], "{losses:?}");
    let weights = weights(&run);
    let weights = SafeTensors::deserialize(&weights).unwrap();
    assert_eq!(weights.tensor("head.category.weight").unwrap().shape(), [2, 8]);

    // Its second feature may be shortened, too, and the network that comes out embeds.
    let (pictures, out) = (data.display().to_string(), folder.path().join("short"));
    let shares = ["--instance-share", "0.5", "--second-look", "0.1"];
    let shorten = |length: &str| {
        export(&run, &out, &[&shares[..], &["--pictures", &pictures, "--instance-length", length]].concat())
    };
    let text = refused(shorten("5"));
    assert!(text.contains("it must be from 1 to 4"), "{text}");
    let text = finish(shorten("3"));
    assert!(text.contains("3 values hold"), "{text}");
    let card = ModelCard::from_json(&fs::read(out.join("model.json")).unwrap()).unwrap();
    assert_eq!((card.network.instance_length(), card.network.feature_length()), (3, 6));
    finish(index(&data, 0..20, &out, &folder.path().join("catalogue")));
}

#[test]
fn the_teacher_has_to_be_there_and_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (data, model) = taught(folder.path());
    let run = folder.path().join("run");
    let text = refused(train(&data, &run, false));
    assert!(text.contains("Name it with --from"), "{text}");

    let mut short = train_from(&data, &model, &run, false);
    short.args(["--steps", "5"]);
    finish(short);
    // The weights that came out are not those that it began with.
    let other = folder.path().join("other");
    finish(export(&run, &other, &[]));
    let mut on = train_from(&data, &other, &run, true);
    on.args(["--steps", "5"]);
    let text = refused(on);
    assert!(text.contains("began with other weights"), "{text}");
    let recipe = fs::read_to_string(data.join("recipe.toml")).unwrap();

    // Without a teacher a run that goes on starts from its own weights.
    fs::write(data.join("recipe.toml"), RECIPE).unwrap();
    let text = refused(train_from(&data, &model, &run, true));
    assert!(text.contains("Leave --from out"), "{text}");
    fs::write(data.join("recipe.toml"), recipe.replace("order = \"bgr\"", "order = \"rgb\"")).unwrap();
    let text = refused(train_from(&data, &model, &folder.path().join("rgb"), false));
    assert!(text.contains("preprocessed in another way"), "{text}");
    let late = recipe
        .replace("[mixup]", "")
        .replace("[optimiser]", "[mixup]\nshare = 0.2\nuntil = 0.5\n\n[optimiser]");
    fs::write(data.join("recipe.toml"), late).unwrap();
    let text = refused(train_from(&data, &model, &folder.path().join("mixed"), false));
    assert!(text.contains("spare_items"), "{text}");
    fs::write(data.join("recipe.toml"), recipe).unwrap();

    // A category that the teacher does not know.
    let csv = fs::read_to_string(data.join("labels.csv")).unwrap();
    fs::write(data.join("labels.csv"), csv.replace(",blue,", ",green,")).unwrap();
    let text = refused(train_from(&data, &model, &folder.path().join("green"), false));
    assert!(text.contains("other categories"), "{text}");
}

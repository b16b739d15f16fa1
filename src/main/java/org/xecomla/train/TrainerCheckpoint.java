package org.xecomla.train;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.averaging.ParameterAveraging;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.Manifest;
import org.xecomla.files.SealedFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.formats.checkpoint.SaveOptions;
import org.xecomla.safetensors.Dtype;

/**
 * The checkpoints of a run, {@code step-000100/} and so on in one directory, each a Hugging Face model directory in
 * float32 with what training needs besides: {@code optimizer-00000-of-00002.safetensors}, one a replica,
 * {@code outer.safetensors} where the outer update has a velocity, the manifest (step, samples, tokens, replicas;
 * digests of all files), and {@code _SUCCESS} last.
 *
 * <p>Taken when all replicas hold the same weights. Resumed with the same number of replicas, a run goes on as if it
 * had never stopped, bit for bit (replicas in FLOAT). Moments are each replica's own; resumed with another number,
 * every replica starts from the mean of those that were saved.
 */
public final class TrainerCheckpoint {
    /** Checkpoints that stages keep: the newest, and the one to go back to where that is damaged. */
    public static final int KEPT = 2;

    private static final Logger LOG = LoggerFactory.getLogger(TrainerCheckpoint.class);
    private static final Pattern NAME = Pattern.compile("step-(\\d+)");
    private static final String KIND = "checkpoint";
    private static final int FORMAT_VERSION = 1;
    private static final String OUTER = "outer.safetensors";

    private final Path directory;
    private final int keep;
    private final Manifest asked;
    private final Optional<Path> tokenizerFrom;

    /** A complete checkpoint. */
    public record Saved(Path path, TrainingProgress progress, int numReplicas) {}

    /**
     * @param directory of the run's checkpoints, made if need be
     * @param run the manifest of what they belong to: each checkpoint's own repeats its settings, seed, revision and
     *     inputs
     * @param keep complete checkpoints to keep, at least 1
     * @param tokenizerFrom model directory whose tokenizer files every checkpoint receives; empty: none
     */
    public TrainerCheckpoint(Path directory, int keep, Manifest run, Optional<Path> tokenizerFrom) {
        if (keep < 1) {
            throw new IllegalArgumentException("keep " + keep + " checkpoints");
        }
        this.directory = directory;
        this.keep = keep;
        this.asked = Manifest.asked(KIND, FORMAT_VERSION, run.settings(), run.seed(), run.revision(), run.inputs());
        this.tokenizerFrom = tokenizerFrom;
    }

    /**
     * The newest checkpoint that is complete and sound. Unfinished ones are passed over; complete ones whose files are
     * not what their manifest says are named in the log and passed over.
     *
     * @throws UserException where the newest one is of another configuration: names the keys that differ
     */
    public Optional<Saved> newest() {
        return newest(damaged -> LOG.warn("{}; an older checkpoint is taken", damaged.reason));
    }

    /**
     * As {@link #newest}; damaged ones are given the name {@code damaged-step-000100}, so that nothing is ever written
     * over them. For the one process that leads the run, before replicas start.
     */
    public Optional<Saved> newestAndSetAsideDamaged() {
        return newest(damaged -> {
            Path aside = new Path(
                    directory, StageDirectory.SET_ASIDE + damaged.step.path().getName());
            for (int again = 2; DataFiles.exists(aside); again++) {
                aside = new Path(
                        directory,
                        StageDirectory.SET_ASIDE + damaged.step.path().getName() + "-" + again);
            }
            DataFiles.rename(damaged.step.path(), aside);
            LOG.warn("{}; it is now {}, and an older checkpoint is taken", damaged.reason, DataFiles.display(aside));
        });
    }

    private record Damaged(StageDirectory step, String reason) {}

    private Optional<Saved> newest(Consumer<Damaged> onDamaged) {
        for (StageDirectory step : steps()) {
            if (!step.isComplete()) {
                continue;
            }
            try {
                step.verify();
                requireOwnName(step);
            } catch (UserException damaged) {
                onDamaged.accept(new Damaged(step, damaged.getMessage()));
                continue;
            }
            step.examine(asked);
            return Optional.of(saved(step));
        }
        return Optional.empty();
    }

    /** A directory that was given another's name would be gone on from for ever: what follows it is already there. */
    private static void requireOwnName(StageDirectory step) {
        if (step.count("step") != step(step.path())) {
            throw new UserException(
                    DataFiles.display(step.path()) + " holds the checkpoint of step " + step.count("step"));
        }
    }

    /** The checkpoint after {@code step} steps, which another replica or the driver has found with {@link #newest}. */
    public Saved at(long step) {
        StageDirectory stage = new StageDirectory(path(step));
        stage.requireComplete(KIND);
        return saved(stage);
    }

    private static Saved saved(StageDirectory step) {
        TrainingProgress progress =
                new TrainingProgress(step.count("step"), step.count("samples"), step.count("tokens"));
        return new Saved(step.path(), progress, Math.toIntExact(step.count("replicas")));
    }

    /**
     * Where the checkpoint after {@code step} steps is, if there is one, of a run with checkpoints in
     * {@code directory}.
     */
    public static Path path(Path directory, long step) {
        return new Path(directory, String.format(Locale.ROOT, "step-%06d", step));
    }

    private Path path(long step) {
        return path(directory, step);
    }

    private static String optimizerFile(int rank, int numReplicas) {
        return String.format(Locale.ROOT, "optimizer-%05d-of-%05d.safetensors", rank, numReplicas);
    }

    /** All step directories, the latest step first. */
    private List<StageDirectory> steps() {
        if (!DataFiles.exists(directory)) {
            return List.of();
        }
        return DataFiles.list(directory).stream()
                .filter(path -> NAME.matcher(path.getName()).matches())
                .sorted(Comparator.comparingLong(TrainerCheckpoint::step).reversed())
                .map(StageDirectory::new)
                .toList();
    }

    private static long step(Path path) {
        return Long.parseLong(path.getName().substring("step-".length()));
    }

    /**
     * Saves the run as it stands, between two rounds; a collective of all replicas. Replica 0 writes the model, every
     * replica its own optimizer state. Older checkpoints are removed once this one is complete.
     *
     * @return its directory
     */
    public Path save(TrainerState state, TrainingProgress progress) {
        ParameterAveraging averaging = state.rounds().averaging();
        StageDirectory stage = new StageDirectory(path(progress.step()));
        boolean first = averaging.rank() == 0;
        if (first) {
            remove(stage);
            stage.begin(asked);
        }
        averaging.barrier();
        Path own = stage.file(optimizerFile(averaging.rank(), averaging.numReplicas()));
        StoreFile.write(
                own,
                state.optimizer().state(),
                Map.of("steps", Long.toString(state.optimizer().numSteps())));
        if (first) {
            SaveOptions options = new SaveOptions(Dtype.F32, SaveOptions.MAX_SHARD_BYTES, tokenizerFrom);
            Replica replica = state.replica();
            ModelDirectory.save(stage.path(), replica.config(), replica.weights(), options);
            if (!state.rounds().outer().plainAveraging()) {
                StoreFile.write(stage.file(OUTER), state.rounds().outer().state(), Map.of());
            }
        }
        averaging.barrier();
        if (first) {
            Map<String, Long> counts = Map.of(
                    "step", progress.step(),
                    "samples", progress.numSamples(),
                    "tokens", progress.numTokens(),
                    "replicas", (long) averaging.numReplicas());
            stage.complete(asked, counts);
            prune();
        }
        return stage.path();
    }

    /** Puts the run where {@code saved} left it. */
    public void load(Saved saved, TrainerState state) {
        ModelDirectory model = ModelDirectory.open(saved.path());
        if (!model.config().equals(state.replica().config())) {
            throw new UserException(DataFiles.display(saved.path()) + " holds " + model.config()
                    + ", not the model to be" + " trained, " + state.replica().config());
        }
        model.load(state.replica().weights());
        ParameterAveraging averaging = state.rounds().averaging();
        boolean sameNumber = averaging.numReplicas() == saved.numReplicas();
        List<Path> files = IntStream.range(0, saved.numReplicas())
                .filter(rank -> !sameNumber || rank == averaging.rank())
                .mapToObj(rank -> new Path(saved.path(), optimizerFile(rank, saved.numReplicas())))
                .toList();
        SealedFiles sealed = SealedFiles.of(saved.path());
        files.forEach(sealed::requireSound);
        StoreFile.readMean(files, state.optimizer().state());
        state.optimizer().resumeAt(saved.progress().step());
        if (!state.rounds().outer().plainAveraging()) {
            Path outer = new Path(saved.path(), OUTER);
            sealed.requireSound(outer);
            StoreFile.readMean(List.of(outer), state.rounds().outer().state());
        }
    }

    /** Keeps the newest complete checkpoints; removes older ones, and what was left unfinished before the newest. */
    private void prune() {
        List<StageDirectory> complete = new ArrayList<>();
        for (StageDirectory step : steps()) {
            boolean wanted = step.isComplete() ? complete.size() < keep : complete.isEmpty();
            if (!wanted) {
                remove(step);
            } else if (step.isComplete()) {
                complete.add(step);
            }
        }
    }

    private static void remove(StageDirectory step) {
        DataFiles.delete(step.file(StageDirectory.SUCCESS)); // first, so that a half-removed one is never complete
        DataFiles.delete(step.path());
    }
}

package org.xecomla.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.eval.EvalDetails;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.eval.KlByPosition;
import org.xecomla.eval.tasks.Continuation;
import org.xecomla.eval.tasks.ContinuationEncoder;
import org.xecomla.eval.tasks.ContinuationScorer;
import org.xecomla.eval.tasks.TaskResults;
import org.xecomla.eval.tasks.TaskSet;
import org.xecomla.eval.tasks.TaskSource;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.engine.ComputeKernels;

/** Scores of one checkpoint on text and on multiple-choice tasks, in this process. */
public record CheckpointScores(RunConfig config, ModelDirectory checkpoint) {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointScores.class);

    /**
     * Perplexity on text, and the divergence from a teacher: also by position to twice the length of the windows, where
     * both models were made for as much.
     *
     * @param files of text, as of {@code corpus.valid}
     * @param details where the scores by position and by document are written
     */
    public ObjectNode onText(List<String> files, Optional<ModelDirectory> teacher, Optional<Path> details) {
        teacher.ifPresent(this::requireCommonIds);
        int ownLength = config.sequence().lengthFor(checkpoint.config());
        int length = teacher.map(directory -> config.sequence().lengthFor(directory.config()))
                .map(other -> Math.min(ownLength, other))
                .orElse(ownLength);
        int maxWindows =
                (int) Math.min(Integer.MAX_VALUE, config.eval().maxWindows().orElse(Integer.MAX_VALUE));
        List<TokenSequence> windows = Texts.windows(config, files, checkpoint, length, maxWindows);
        Scored found = scored(teacher, windows, length);
        details.ifPresent(
                file -> DataFiles.writeString(file, found.details.json().toPrettyString() + "\n"));
        ObjectNode json = EvalResult.of(found.sums, checkpoint.config(), checkpoint.dtype())
                .json()
                .setAll(found.details.summary());
        teacher.flatMap(known -> byPosition(known, windows, length)).ifPresent(far -> json.setAll(far.json()));
        return json;
    }

    private void requireCommonIds(ModelDirectory teacher) {
        CommonIds.of(teacher.config(), teacher.path(), checkpoint.config(), checkpoint.path())
                .note()
                .ifPresent(LOG::warn);
    }

    private record Scored(EvalSums sums, EvalDetails details) {}

    private Scored scored(Optional<ModelDirectory> teacher, List<TokenSequence> windows, int length) {
        int batch = Math.min(config.eval().batchSequences(), windows.size());
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel scored = LoadedModel.open(checkpoint, kernels, length);
                LoadedModel known = teacher.isEmpty() ? null : LoadedModel.open(teacher.get(), kernels, length);
                Evaluator evaluator =
                        new Evaluator(scored.model(), known == null ? null : known.model(), length, batch)) {
            return new Scored(evaluator.evaluate(windows), evaluator.details());
        }
    }

    /** Windows joined in twos; empty where there are not two, or where they are longer than one of the models takes. */
    private Optional<KlByPosition> byPosition(ModelDirectory teacher, List<TokenSequence> windows, int length) {
        int context = Math.min(
                checkpoint.config().maxPositionEmbeddings(), teacher.config().maxPositionEmbeddings());
        if (windows.size() < 2 || 2 * length > context) {
            return Optional.empty();
        }
        List<TokenSequence> joined = IntStream.range(0, windows.size() / 2)
                .mapToObj(i -> TokenSequence.joined(windows.subList(2 * i, 2 * i + 2)))
                .toList();
        return Optional.of(KlByPosition.of(scored(Optional.of(teacher), joined, 2 * length).details, length));
    }

    /** Accuracies on tasks. */
    public TaskResults onTasks(List<TaskSource> sources) {
        int maxLength = config.eval().maxLengthFor(checkpoint.config());
        TaskSet set =
                TaskSet.read(sources, config.eval().numFewshot(), config.eval().limit());
        List<Continuation> continuations;
        try (Tokenizer tokenizer = Texts.tokenizer(config, checkpoint)) {
            continuations = new ContinuationEncoder(tokenizer, maxLength).encode(set.prompts());
        }
        try (Kernels kernels = ComputeKernels.of(config.compute());
                LoadedModel loaded = LoadedModel.open(checkpoint, kernels, maxLength)) {
            ContinuationScorer scorer =
                    new ContinuationScorer(loaded.model(), config.eval().batchSequences());
            return TaskResults.of(set, scorer.score(continuations), checkpoint.path(), maxLength);
        }
    }
}

package org.xecomla.upcycle;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.eval.EvalSums;
import org.xecomla.eval.Evaluator;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.upcycle.base.BaseWeights;

/** The real base and text of the recipe: stories260K, windows of 256 tokens of TinyStories. */
final class Stories implements AutoCloseable {
    static final int LENGTH = 256;

    private final ModelDirectory base = ModelDirectory.open(shared("models/stories260K"));
    private final Kernels kernels = new CpuKernels(2);
    private final List<TokenSequence> training;
    private final List<TokenSequence> validation;
    private final Student baseStudent =
            StudentInitializer.assemble(BaseWeights.of(base), List.of(), List.of(), kernels.type());

    Stories() {
        try (Tokenizer tokenizer = Tokenizer.open(shared("models/stories260K"))) {
            training = windows(tokenizer, "corpora/tinystories-train.jsonl", 1500);
            validation = windows(tokenizer, "corpora/tinystories-valid.jsonl", 10);
        }
    }

    static Path shared(String name) {
        return DataFiles.path(System.getProperty("shared.dir") + "/" + name);
    }

    private List<TokenSequence> windows(Tokenizer tokenizer, String file, int limit) {
        Packing packing = Packing.of(tokenizer, base.config().vocabSize(), true);
        return WindowPacker.windows(TextDocuments.of(List.of(shared(file))), tokenizer, packing, LENGTH, limit);
    }

    ModelDirectory base() {
        return base;
    }

    List<TokenSequence> training() {
        return training;
    }

    /** A student by these settings of section upcycle, each {@code key=value}. */
    Student student(String... settings) {
        Map<String, String> overrides = new HashMap<>();
        for (String setting : settings) {
            overrides.put(
                    "upcycle." + setting.substring(0, setting.indexOf('=')),
                    setting.substring(setting.indexOf('=') + 1));
        }
        return student(RunConfig.ofOverrides(overrides));
    }

    /** The student that {@code config} makes. */
    Student student(RunConfig config) {
        UpcyclePlan plan = UpcyclePlan.of(config.upcycle(), base.config());
        return StudentInitializer.make(
                base, plan, () -> training.subList(0, plan.numCalibrationWindows(LENGTH)), kernels, kernels.type());
    }

    /** Perplexity of the student, which is closed, and its KL to the base. */
    record Score(double perplexity, double kl) {}

    Score score(Student student) {
        try (student;
                CausalLm model = new CausalLm(student.config(), student.weights(), null, kernels, LENGTH);
                CausalLm teacher = new CausalLm(baseStudent.config(), baseStudent.weights(), null, kernels, LENGTH);
                Evaluator evaluator = new Evaluator(model, teacher, LENGTH, 2)) {
            EvalSums sums = evaluator.evaluate(validation);
            return new Score(Math.exp(sums.lossSum() / sums.numTokens()), sums.klSum() / sums.numKlPositions());
        }
    }

    @Override
    public void close() {
        baseStudent.close();
        kernels.close();
    }
}

package org.xecomla.formats.gguf;

import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.errors.ConfigException;
import org.xecomla.formats.checkpoint.ModelExport;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.SaveOptions;

/**
 * Writes a model and its tokenizer as one GGUF file: a student as {@code deepseek2}, whose cache in llama.cpp is the
 * latent and the rope key alone, a model without latent layers as {@code llama}. What it computes stays the same where
 * the file is quantised, see {@link GgufWeights}.
 *
 * @param matrices the type of all matrices whose rows are whole blocks of it; others are BF16, vectors F32
 */
public record GgufWriter(GgufType matrices) implements ModelExport {
    public static final String FILE = "model.gguf";

    @Override
    public ModelConfig exported(ModelConfig model) {
        return GgufShape.exported(model);
    }

    @Override
    public List<String> notes(ModelConfig model) {
        return LlamaCppNotes.of(exported(model));
    }

    /** Writes {@link #FILE}; of {@code options} tokenizer and template are of use. */
    @Override
    public void write(ModelSource model, Path directory, SaveOptions options) {
        ModelConfig exported = exported(model.config());
        Path tokenizer = options.tokenizerFrom()
                .orElseThrow(() -> new ConfigException("a GGUF file carries the tokenizer, and none is named"));
        GgufOutput out = new GgufOutput();
        GgufKeys.write(out, exported, matrices, directory.getName());
        GgufTokenizer.open(tokenizer).write(out, exported, options.chatTemplate());
        GgufWeights weights = new GgufWeights(model, exported);
        if (exported.attention().get(0).ropeScaling() instanceof RopeScaling.Explicit rope) {
            out.tensor(
                    GgufNames.ROPE_FACTORS,
                    GgufType.F32,
                    List.of(rope.inverseFrequencies().size()),
                    weights::ropeFactors);
        }
        for (Map.Entry<String, ParameterShapes.Shape> parameter :
                ParameterShapes.of(exported).entrySet()) {
            add(out, weights, exported, parameter.getKey(), parameter.getValue());
        }
        out.write(new Path(directory, FILE));
    }

    private void add(
            GgufOutput out, GgufWeights weights, ModelConfig exported, String name, ParameterShapes.Shape shape) {
        if (ParameterNames.isVector(name)) {
            out.tensor(GgufNames.of(name), GgufType.F32, List.of(shape.cols()), () -> weights.made(name));
        } else if (name.endsWith(ParameterNames.KV_B_PROJ)) {
            addUp(
                    out,
                    weights,
                    exported,
                    ParameterNames.inLayer(name).orElseThrow().layer());
        } else {
            List<Integer> sizes = List.of(shape.cols(), shape.rows());
            out.tensor(GgufNames.of(name), typeOf(sizes), sizes, () -> weights.made(name));
        }
    }

    private void addUp(GgufOutput out, GgufWeights weights, ModelConfig exported, int layer) {
        AttentionConfig.Mla mla = (AttentionConfig.Mla) exported.attention().get(layer);
        List<Integer> key = List.of(mla.qkNopeHeadDim(), mla.kvLoraRank(), mla.numHeads());
        List<Integer> value = List.of(mla.kvLoraRank(), mla.vHeadDim(), mla.numHeads());
        out.tensor(GgufNames.inLayer(layer, GgufNames.KEY_UP), typeOf(key), key, () -> weights.keyUp(layer));
        out.tensor(GgufNames.inLayer(layer, GgufNames.VALUE_UP), typeOf(value), value, () -> weights.valueUp(layer));
    }

    private GgufType typeOf(List<Integer> sizes) {
        return matrices.holdsRowsOf(sizes.get(0)) ? matrices : GgufType.BF16;
    }
}

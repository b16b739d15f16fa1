package org.xecomla.formats.gguf;

import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.config.model.ParameterNames;
import org.xecomla.config.model.ParameterShapes;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.checkpoint.ModelSource;
import org.xecomla.formats.checkpoint.RopeRowOrder;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Tensor;

/**
 * A GGUF file as {@link GgufWriter} writes it, read: the inverse, but that latents keep the norm that the file gives
 * them, and a scaled rope is its frequencies.
 */
public final class GgufModel implements ModelSource {
    private final GgufFile file;
    private final ModelConfig config;

    private GgufModel(GgufFile file, ModelConfig config) {
        this.file = file;
        this.config = config;
    }

    /**
     * Reads the header.
     *
     * @throws UserException where the file is broken, of an architecture that is not supported, or a tensor is missing
     *     or of another shape than the keys say
     */
    public static GgufModel open(Path path) {
        GgufFile file = GgufFile.open(path);
        GgufModel model = new GgufModel(file, GgufKeys.read(file));
        ParameterShapes.of(model.config).forEach(model::check);
        return model;
    }

    private void check(String parameter, ParameterShapes.Shape shape) {
        long elements;
        String tensor;
        if (parameter.endsWith(ParameterNames.KV_B_PROJ)) {
            int layer = ParameterNames.inLayer(parameter).orElseThrow().layer();
            tensor = GgufNames.inLayer(layer, GgufNames.KEY_UP);
            elements = file.entry(tensor).numElements()
                    + file.entry(GgufNames.inLayer(layer, GgufNames.VALUE_UP)).numElements();
        } else {
            tensor = GgufNames.of(parameter);
            elements = file.entry(tensor).numElements();
        }
        boolean rows = parameter.endsWith(ParameterNames.KV_B_PROJ)
                || file.entry(tensor).sizes().get(0) == shape.cols();
        if (elements != shape.numElements() || !rows) {
            throw new UserException(DataFiles.display(file.path()) + ": tensor " + tensor + " is "
                    + file.entry(tensor).sizes() + ", not " + shape.rows() + " rows of " + shape.cols());
        }
    }

    public Path path() {
        return file.path();
    }

    /** How the embedding is stored, and commonly all matrices. */
    public String type() {
        GgufFile.Entry embedding = file.entry(GgufNames.of(ParameterNames.EMBEDDING));
        return GgufType.ofId(embedding.typeId()).map(GgufType::display).orElse("ggml's type " + embedding.typeId());
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public void load(String parameter, Tensor target) {
        float[] values = read(parameter);
        if (target.type() == ElementType.FLOAT) {
            target.write(values, 0);
            return;
        }
        double[] wide = new double[values.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = values[i];
        }
        target.write(wide);
    }

    @Override
    public float[] read(String parameter) {
        if (parameter.endsWith(ParameterNames.KV_B_PROJ)) {
            return up(ParameterNames.inLayer(parameter).orElseThrow().layer());
        }
        float[] stored = file.read(GgufNames.of(parameter));
        RopeRowOrder order = GgufShape.order(config, parameter);
        int cols = ParameterNames.isBias(parameter)
                ? 1
                : ParameterShapes.of(config).get(parameter).cols();
        float[] inside = stored;
        if (!order.isUnchanged()) {
            inside = new float[stored.length];
            for (int row = 0; row < stored.length / cols; row++) {
                System.arraycopy(stored, row * cols, inside, order.inside(row) * cols, cols);
            }
        }
        return withLatentEpsilon(parameter, inside, cols);
    }

    /** Latents' norms have the model's epsilon in the file, and 1e-6 here. */
    private float[] withLatentEpsilon(String parameter, float[] values, int cols) {
        boolean queries = parameter.endsWith(ParameterNames.Q_A_PROJ);
        if (!queries && !parameter.endsWith(ParameterNames.KV_A_PROJ)) {
            return values;
        }
        AttentionConfig.Mla layer = (AttentionConfig.Mla) config.attention()
                .get(ParameterNames.inLayer(parameter).orElseThrow().layer());
        int rows = queries ? layer.qLoraRank() : layer.kvLoraRank();
        double factor = Math.sqrt(ModelConfig.LATENT_NORM_EPS / config.rmsNormEps());
        for (int i = 0; i < rows * cols; i++) {
            values[i] = (float) (values[i] * factor);
        }
        return values;
    }

    /** {@code kv_b_proj} of its two halves. (H*(N+Dv), R) */
    private float[] up(int layer) {
        AttentionConfig.Mla mla = (AttentionConfig.Mla) config.attention().get(layer);
        float[] keys = file.read(GgufNames.inLayer(layer, GgufNames.KEY_UP)); // (H, R, N)
        float[] values = file.read(GgufNames.inLayer(layer, GgufNames.VALUE_UP)); // (H, Dv, R)
        int rank = mla.kvLoraRank();
        int nope = mla.qkNopeHeadDim();
        int head = nope + mla.vHeadDim();
        float[] up = new float[mla.numHeads() * head * rank];
        for (int h = 0; h < mla.numHeads(); h++) {
            for (int n = 0; n < nope; n++) {
                for (int r = 0; r < rank; r++) {
                    up[(h * head + n) * rank + r] = keys[(h * rank + r) * nope + n];
                }
            }
            System.arraycopy(values, h * mla.vHeadDim() * rank, up, (h * head + nope) * rank, mla.vHeadDim() * rank);
        }
        return up;
    }
}

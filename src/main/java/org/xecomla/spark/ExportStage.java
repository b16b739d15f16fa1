package org.xecomla.spark;

import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.buffer.DataType;
import org.xecomla.checkpoint.Dtype;
import org.xecomla.checkpoint.ModelDirectory;
import org.xecomla.checkpoint.SaveOptions;
import org.xecomla.config.ExportConfig;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.files.DataFiles;
import org.xecomla.files.StageDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.serve.DeepseekExport;
import org.xecomla.tensor.ParameterStore;

/** The distilled student as a Hugging Face directory, with the tokenizer's files. */
final class ExportStage {
    static final String NAME = "export";
    static final String KIND = "export";

    private final StageContext context;

    ExportStage(StageContext context) {
        this.context = context;
    }

    void run() {
        RunConfig config = context.config();
        Path student = RunModels.student(config, context.layout());
        Map<String, String> inputs = Map.of("student", InputDigests.ofModel(student));
        StageDirectory output = context.layout().export();
        context.complete(
                NAME, output, context.asked(KIND, config.settings("export"), inputs), () -> write(student, output));
        context.say(NAME, "the student is in " + DataFiles.display(output.path()));
    }

    private Map<String, Long> write(Path student, StageDirectory output) {
        RunConfig config = context.config();
        ModelDirectory model = ModelDirectory.open(student);
        Dtype dtype = Dtype.valueOf(config.export().dtype().name());
        Optional<Path> tokenizer = Optional.of(DataFiles.path(config.models().requireTokenizer()));
        SaveOptions options = new SaveOptions(dtype, SaveOptions.MAX_SHARD_BYTES, tokenizer);
        if (config.export().format() == ExportConfig.Format.DEEPSEEK_V3) {
            DeepseekExport.write(model, output.path(), options);
            return Map.of("parameters", numParameters(DeepseekExport.exported(model.config())));
        }
        try (ParameterStore weights =
                ParameterStore.zeros(CausalLm.layout(model.config(), name -> false), DataType.FLOAT)) {
            model.load(weights);
            ModelDirectory.save(output.path(), model.config(), weights, options);
            return Map.of("parameters", numParameters(model.config()));
        }
    }

    private static long numParameters(ModelConfig model) {
        return CausalLm.layout(model, name -> false).numParameters();
    }
}

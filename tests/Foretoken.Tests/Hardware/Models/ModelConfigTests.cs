using System.Globalization;
using Foretoken.Hardware.Models;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Hardware.Models;

public class ModelConfigTests
{
    private const string Dense = """
        {"architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 8, "num_attention_heads": 4,
         "num_key_value_heads": 2, "intermediate_size": 16, "vocab_size": 10}
        """;

    [Fact]
    public void Parse_SmallDenseModel_CountsByHand()
    {
        var model = ModelConfig.Parse("m", Dense, "c.json");

        // Per layer: q 8x8, k and v 4x8, o 8x8, three of 16x8, two norms of 8; outside two of 10x8 and a norm.
        const long Layer = 64 + 32 + 32 + 64 + (3 * 128) + 16;
        Assert.Equal((2 * Layer) + 160 + 8, model.Parameters);
        Assert.Equal(model.Parameters, model.ActiveParameters);
        Assert.Equal(2 * model.Parameters, model.WeightBytes);
        Assert.Equal(2 * (model.Parameters - 80), model.LinearOperationsPerToken);
        Assert.Equal(2 * 2 * 2 * 2 * 2, model.KvBytesPerToken(2));
        // Scores and sums over 5 tokens: 2 layers x 4 heads x (2 + 2) x 2 operations x 5.
        Assert.Equal(2 * 4 * 4 * 2 * 5, model.AttentionOperationsPerToken(5));
    }

    [Fact]
    public void Parse_ManyMistakes_NamesEachWithItsPlace()
    {
        var problems = Problems("""
            {"architectures": ["Qwen3MoeForCausalLM"], "num_hidden_layers": 3, "hidden_size": 100, "num_attention_heads": 6,
             "num_key_value_heads": 4, "num_experts": 4, "num_experts_per_tok": 9, "moe_intermediate_size": "wide",
             "layer_types": ["full_attention", "full_attention"], "quantization_config": {"quant_method": "magic"}}
            """);
        Assert.Equal(
            ["c.json: vocab_size", "c.json: num_key_value_heads", "c.json: head_dim", "c.json: layer_types", "c.json: num_experts_per_tok", "c.json: moe_intermediate_size", "c.json: quantization_config.quant_method"],
            problems.Select(p => p.Place));
    }

    [Theory]
    [InlineData("\"num_key_value_heads\": 8, \"head_dim\": 64", "hidden_size,vocab_size,num_attention_heads,intermediate_size")]
    [InlineData("\"hidden_size\": 1e12, \"num_attention_heads\": 32, \"vocab_size\": 9, \"intermediate_size\": 4", "hidden_size")]
    public void Parse_NumberMissingOrUnusable_IsOneProblem(string keys, string places)
    {
        var problems = Problems("{\"architectures\": [\"LlamaForCausalLM\"], \"num_hidden_layers\": 2, " + keys + "}");
        Assert.Equal(places.Split(',').Order(StringComparer.Ordinal), problems.Select(p => p.Place["c.json: ".Length..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Parse_UnknownArchitecture_SaysWhatIsMissing()
    {
        var problem = Assert.Single(Problems("""{"architectures": ["RwkvForCausalLM"]}"""));
        Assert.Equal("c.json: architectures", problem.Place);
        Assert.Contains("'RwkvForCausalLM' is not supported", problem.Message, StringComparison.Ordinal);
        Assert.Contains("DeepseekV3ForCausalLM", problem.Fix, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "c.json")]
    [InlineData("{\n\"a\": }", "c.json:2")]
    [InlineData("{}", "c.json: architectures")]
    public void Parse_NoConfig_IsAProblem(string text, string place) => Assert.Equal(place, Assert.Single(Problems(text)).Place);

    [Fact]
    public void Parse_ConfigAndModelOptDisagree_IsAProblem()
    {
        var config = Dense.Replace("\"vocab_size\"", "\"quantization_config\": {\"quant_algo\": \"FP8\"}, \"vocab_size\"", StringComparison.Ordinal);
        var e = Assert.Throws<InputException>(() => ModelConfig.Parse("m", config, "c.json", """{"quantization": {"quant_algo": "NVFP4"}}""", "q.json"));
        Assert.Equal("q.json: quantization.quant_algo", Assert.Single(e.Problems).Place);
    }

    [Theory]
    [InlineData("""{"quant_method": "fp8", "weight_block_size": [128, 128]}""", "fp8_block", 128 + 4)]
    [InlineData("""{"quant_method": "fp8"}""", "fp8", 128 + 4)]
    [InlineData("""{"quant_algo": "NVFP4"}""", "nvfp4", 64 + 16)]
    [InlineData("""{"quant_method": "mxfp4"}""", "mxfp4", 64 + 16)]
    [InlineData("""{"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "group_size": 4, "type": "int"}}}}""", "int4", 64 + (16 * 2 * 2))]
    [InlineData("""{"quant_method": "fp8", "modules_to_not_convert": ["mlp"]}""", "fp8", 256)]
    [InlineData("""{"quant_algo": "NVFP4", "ignore": ["model.layers.0.mlp*"]}""", "nvfp4", 256)]
    [InlineData("""{"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.mlp"]}""", "mxfp4", 256)]
    [InlineData("""{"quant_method": "compressed-tensors", "ignore": ["re:.*mlp\\.(gate|up)_proj.*"], "config_groups": {"g": {"weights": {"num_bits": 8, "type": "float"}}}}""", "fp8", 256)]
    public void Parse_Quantisation_GivesEachMatrixItsBytes(string quantisation, string label, long bytes)
    {
        var model = ModelConfig.Parse("m", Dense.Replace("\"vocab_size\"", $"\"quantization_config\": {quantisation}, \"vocab_size\"", StringComparison.Ordinal), "c.json");
        Assert.Equal(label, model.Quantisation);
        Assert.Equal(bytes, model.Layers[0].Weights.Single(w => w.Module == "layers.0.mlp.up_proj").Bytes); // 16 x 8 numbers
        Assert.All(model.Outside, w => Assert.Equal("bf16", w.Format.Name));
    }

    [Fact]
    public void Parse_InfinityInJson_IsRead()
    {
        var text = Dense.Replace("\"vocab_size\"", "\"note\": \"Infinity \\\" NaN\", \"limit\": [0.0, Infinity, -Infinity, NaN], \"vocab_size\"", StringComparison.Ordinal);
        Assert.Equal(2, ModelConfig.Parse("m", text, "c.json").Layers.Count);
    }

    [Fact]
    public void Load_EveryPublicConfig_IsRead()
    {
        var folder = Path.GetDirectoryName(SharedData.Require("model_configs/Qwen--Qwen3-8B_config.json"))!;
        var files = Directory.GetFiles(folder, "*_config.json").Where(f => !f.EndsWith("_hf_quant_config.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.True(files.Count >= 84);
        foreach (var file in files)
        {
            var model = ModelConfig.Load(file);
            Assert.True(model.Parameters > 100_000_000, file);
            Assert.True(model.KvBytesPerToken(2) > 0, file);
            Assert.True(model.WeightBytes < 2.02 * model.Parameters, file);
            var quantised = File.Exists(file.Replace("_config.json", "_hf_quant_config.json", StringComparison.Ordinal)) || file.Contains("FP8", StringComparison.Ordinal);
            Assert.True(!quantised || model.WeightBytes < 1.7 * model.Parameters, $"{file}: {model.Quantisation} {(double)model.WeightBytes / model.Parameters}");
        }
    }

    /// <summary>Checkpoints that the catalogue lacks, against the billions of parameters in their own names.</summary>
    [Theory]
    [InlineData("Qwen--Qwen3-0.6B", 0.6, 0.01)]
    [InlineData("Qwen--Qwen3-1.7B", 1.7, 0.015)]
    [InlineData("Qwen--Qwen3.5-122B-A10B", 122, 0.01)]
    [InlineData("Qwen--Qwen3.5-35B-A3B", 35, 0.015)]
    [InlineData("Qwen--Qwen3.5-27B", 27, 0.015)]
    [InlineData("Qwen--Qwen3-Coder-480B-A35B-Instruct", 480, 0.01)]
    [InlineData("XiaomiMiMo--MiMo-V2-Flash", 309, 0.015)]
    [InlineData("nvidia--Llama-3_3-Nemotron-Super-49B-v1", 49.9, 0.01)]
    [InlineData("nvidia--Nemotron-H-56B-Base-8K", 56, 0.015)]
    [InlineData("nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", 31.6, 0.01)]
    [InlineData("nvidia--NVIDIA-Nemotron-3-Super-120B-A12B-FP8", 120.6, 0.015)]
    [InlineData("nvidia--NVIDIA-Nemotron-3-Ultra-550B-A55B-BF16", 550, 0.015)]
    [InlineData("google--gemma-4-26B-A4B", 25.2, 0.01)]
    [InlineData("nvidia--Gemma-4-31B-IT-NVFP4", 30.7, 0.01)]
    public void Load_NamedSize_IsReproduced(string name, double billions, double tolerance)
    {
        var model = ModelConfig.Load(SharedData.Require($"model_configs/{name}_config.json"));
        var error = (model.Parameters / 1e9 / billions) - 1;
        Assert.True(Math.Abs(error) <= tolerance, string.Create(CultureInfo.InvariantCulture, $"{model.Parameters / 1e9:F2} B, {error:P2}"));
    }

    private static IReadOnlyList<Problem> Problems(string text) =>
        Assert.Throws<InputException>(() => ModelConfig.Parse("m", text, "c.json")).Problems;
}

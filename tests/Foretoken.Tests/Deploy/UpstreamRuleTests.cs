using Foretoken.Cli.Scenarios;
using Foretoken.Deploy.Checks;
using Xunit;

namespace Foretoken.Tests.Deploy;

/// <summary>What schemas do not say and programs refuse, or quietly do not do: each was read in the sources that docs/deploy.md names.</summary>
public sealed class UpstreamRuleTests
{
    private const string Transfer = "{\\\"kv_connector\\\":\\\"NixlConnector\\\",\\\"kv_role\\\":\\\"kv_both\\\"}";

    [Theory]
    [InlineData("", true)]
    [InlineData(", version: 0.12.0", false)]
    public void Dynamo_DividedVllm_NamesItsConnectorFrom1(string version, bool from1)
    {
        // Dynamo 1.0 dropped the connector of its own; before it a second one was refused.
        foreach (var file in DeployTexts.Made(Divided("vllm" + version, "round_robin"), "dynamo").Files)
        {
            Assert.Equal(from1 ? 2 : 0, Count(file.Text, Transfer));
            Assert.Equal(from1 ? 2 : 0, Count(file.Text, "--disaggregation-mode"));
            Assert.Equal(from1 ? 0 : 1, Count(file.Text, "--is-prefill-worker"));
            Assert.DoesNotContain("--kv-events-config", file.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("vllm", "tcp://*:20080")]
    [InlineData("sglang", "tcp://*:5557")]
    public void Dynamo_KvRouter_HasWorkersPublishTheirBlocks(string engine, string endpoint)
    {
        // Decode workers publish nothing.
        foreach (var file in DeployTexts.Made(Divided(engine, "dynamo_kv"), "dynamo").Files)
        {
            Assert.Equal(1, Count(file.Text, "--kv-events-config"));
            Assert.Equal(1, Count(file.Text, endpoint));
        }
    }

    [Fact]
    public void KServe_OneMachine_SaysLayoutAndConnectorInTheArguments()
    {
        // The presets for one machine run the arguments alone; those for divided serving bring the sidecar, not the connector.
        var text = DeployTexts.Made(Divided("vllm", "llm_d"), "kserve").Files.Single().Text;
        Assert.Equal(2, Count(text, "--tensor-parallel-size 4"));
        Assert.Equal(2, Count(text, "--kv-transfer-config '" + Transfer + "'"));
        Assert.Equal(2, Count(text, "VLLM_NIXL_SIDE_CHANNEL_HOST"));
        Assert.Equal(2, Count(text, "tensor: 4"));
    }

    [Theory]
    [InlineData("llm-d")]
    [InlineData("kserve")]
    public void EndpointPicker_Divided_DividesEveryRequest(string target)
    {
        var text = string.Concat(DeployTexts.Made(Divided("vllm", "llm_d"), target).Files.Select(f => f.Text));
        var (decider, handler) = (text.IndexOf("type: always-disagg-pd-decider", StringComparison.Ordinal), text.IndexOf("type: disagg-profile-handler", StringComparison.Ordinal));
        Assert.InRange(decider, 0, handler - 1);
        Assert.Contains("prefill: always-disagg-pd-decider", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Problems_OfAnInferencePoolWithoutThePortOfItsService_AreTold()
    {
        var text = DeployTexts.Made(Divided("vllm", "llm_d"), "llm-d").Files.Single(f => f.Path.EndsWith("inferencepool.yaml", StringComparison.Ordinal)).Text;
        var pool = text[..text.IndexOf("---", StringComparison.Ordinal)];
        Assert.Empty(ArtefactCheck.Problems(YamlDocument.Parse(pool, "a")!, "a"));
        Assert.NotEmpty(ArtefactCheck.Problems(YamlDocument.Parse(pool.Replace("    port:\n      number: 9002\n", "", StringComparison.Ordinal), "a")!, "a"));
    }

    private static string Divided(string engine, string routing) =>
        $"{{name: apart, model: meta-llama/Llama-3.1-70B, gpu: h100-sxm, tensor_parallel: 4, engine: {{kind: {engine}}}, fleet: {{routing: {routing}, pools: [{{role: prefill, replicas: 2}}, {{role: decode, replicas: 1}}]}}}}";

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}

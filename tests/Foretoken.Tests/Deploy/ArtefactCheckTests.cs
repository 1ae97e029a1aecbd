using Foretoken.Cli.Scenarios;
using Foretoken.Deploy.Checks;
using Xunit;

namespace Foretoken.Tests.Deploy;

public sealed class ArtefactCheckTests
{
    public static TheoryData<string, string> Breaks => new()
    {
        { "replicas: 4", "replicas: \"4\"" },
        { "replicas: 4", "replicas: -1" },
        { "replicas: 4", "replica: 4" },
        { "gpu: \"1\"", "gpus: \"1\"" },
        { "componentType: worker", "componentType: engine" },
        { "- \"256\"", "- 256" },
        { "kind: DynamoGraphDeployment", "kind: DynamoGraphDeployments" },
        { "name: chat-on-four-replicas", "name: Chat_on_four" },
        { "name: chat-on-four-replicas", "name: " + new string('a', 64) },
        { "name: HF_TOKEN", "nam: HF_TOKEN" },
    };

    [Theory]
    [MemberData(nameof(Breaks))]
    public void Problems_OfABrokenManifest_AreTold(string good, string bad)
    {
        var text = DeployTexts.Made(DeployTexts.Aggregated, "dynamo").Files[0].Text;
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.Empty(ArtefactCheck.Problems(YamlDocument.Parse(text, "a")!, "a"));
        Assert.NotEmpty(ArtefactCheck.Problems(YamlDocument.Parse(text.Replace(good, bad, StringComparison.Ordinal), "a")!, "a"));
    }

    [Theory]
    [InlineData("replicas: 4\n", "replicas: 4\n  scaling: {maxReplicas: 3, wva: {keda: {}}}\n")]
    [InlineData("tensor: 1", "tensor: 0")]
    [InlineData("kind: LLMInferenceService", "kind: InferenceService")]
    public void Problems_OfABrokenLlmInferenceService_AreTold(string good, string bad) => Broken("kserve", good, bad);

    [Theory]
    [InlineData("replicaCount: 4", "replicaCount: four")]
    [InlineData("enablePrefixCaching: true", "enablePrefixCaching: \"true\"")]
    [InlineData("routingLogic: session", "routingLogic: sessions")]
    [InlineData("modelURL: ", "modelUrl: ")]
    public void Problems_OfBrokenValues_AreTold(string good, string bad) => Broken("production-stack", good, bad);

    [Theory]
    [InlineData("y")]
    [InlineData("No")]
    [InlineData("on")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("12:30")]
    [InlineData("~")]
    public void Write_TextThatYamlTakesForSomethingElse_StandsInQuotes(string text)
    {
        var yaml = Foretoken.Deploy.Documents.YamlText.Write(Foretoken.Deploy.Documents.Tree.Texts(("a", text)));
        Assert.Equal($"a: \"{text}\"\n", yaml);
    }

    [Fact]
    public void Write_AwkwardTexts_AreReadBackAsTheyWere()
    {
        string[] texts = ["", " a", "a ", "a: b", "a #b", "- a", "{a}", "[a]", "*a", "&a", "!a", "%a", "@a", "`a`", "'a'", "\"a\"", "a\\b", "ünï", "a\tb", "line\nline\n", "-", "--", "a:", "?", "| x", "> x"];
        var yaml = Foretoken.Deploy.Documents.YamlText.Write(Foretoken.Deploy.Documents.Tree.Words(texts)!);
        var list = Assert.IsType<Foretoken.Twin.Scenarios.Documents.ListNode>(YamlDocument.Parse(yaml, "a"));
        Assert.Equal(texts, list.Items.Cast<Foretoken.Twin.Scenarios.Documents.ScalarNode>().Select(i => i.Text));
    }

    private static void Broken(string target, string good, string bad)
    {
        var text = DeployTexts.Made(DeployTexts.Aggregated, target).Files[0].Text;
        Assert.Contains(good, text, StringComparison.Ordinal);
        Assert.Empty(ArtefactCheck.Problems(YamlDocument.Parse(text, "a")!, "a"));
        Assert.NotEmpty(ArtefactCheck.Problems(YamlDocument.Parse(text.Replace(good, bad, StringComparison.Ordinal), "a")!, "a"));
    }
}

using Foretoken.Deploy.Deployments;
using Foretoken.Hardware.Memory;

namespace Foretoken.Deploy.Targets;

/// <summary>
/// Which Dynamo release ships which engine (AIConfigurator, generator/config/backend_version_matrix.yaml; the newest is the one of Dynamo's
/// own v1beta1 examples), and what changed between them.
/// </summary>
internal static class DynamoReleases
{
    private const string Newest = "1.3.1";

    private static readonly (string Dynamo, string Vllm, string SgLang, string TrtLlm)[] Known =
    [
        ("0.6.1", "0.11.0", "0.5.3.post2", "1.1.0rc5"),
        ("0.7.1", "0.11.0", "0.5.4.post3", "1.2.0rc3"),
        ("0.8.1", "0.12.0", "0.5.6.post2", "1.2.0rc6.post1"),
    ];

    /// <summary>The image of a pool's worker.</summary>
    public static string Image(DeployedPool pool, TargetNotes notes)
    {
        var release = Newest;
        if (pool.VersionText.Length > 0)
        {
            var found = Known.LastOrDefault(k => (pool.Engine switch { EngineKind.Sglang => k.SgLang, EngineKind.TensorRtLlm => k.TrtLlm, _ => k.Vllm }) == pool.VersionText).Dynamo;
            release = found ?? Newest;
            if (found is null)
            {
                notes.Note($"pool {pool.Name}: which Dynamo release ships {pool.EngineName} {pool.VersionText} is not known here: put its image in the place of {Newest}");
            }
        }

        return $"nvcr.io/nvidia/ai-dynamo/{pool.Engine switch { EngineKind.Sglang => "sglang", EngineKind.TensorRtLlm => "tensorrtllm", _ => "vllm" }}-runtime:{release}";
    }

    /// <summary>Whether an image is of a release before 1.0, in which vLLM's workers had role flags of their own.</summary>
    public static bool IsBefore1(string image) => image[(image.LastIndexOf(':') + 1)..].StartsWith("0.", StringComparison.Ordinal);
}

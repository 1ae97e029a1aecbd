using Foretoken.Hardware.Memory;

namespace Foretoken.Deploy.Flags;

/// <summary>The flags of each engine.</summary>
internal static class EngineFlagsOf
{
    private static readonly VllmFlags Vllm = new();
    private static readonly SgLangFlags SgLang = new();
    private static readonly TrtLlmFlags TrtLlm = new();

    /// <summary>The flags of an engine.</summary>
    public static IEngineFlags Engine(EngineKind kind) => kind switch { EngineKind.Sglang => SgLang, EngineKind.TensorRtLlm => TrtLlm, _ => Vllm };
}

using Foretoken.Hardware.Memory;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Import;

/// <summary>Finds engines and routers in commands, whatever stands before them: variables, docker, python -m, a launcher.</summary>
internal static class CommandReader
{
    private static readonly string[] Quiet = ["export", "cd", "set", "echo", "mkdir", "sleep", "wait", "source", ".", "pip", "hf", "huggingface-cli", "ulimit", "true", "exit", "trap", "ray", "cat", "then", "fi", "do", "done"];

    /// <summary>Reads the commands of a script.</summary>
    public static void Read(IReadOnlyList<ShellCommand> commands, ImportContext context, ImportedDeployment into)
    {
        foreach (var command in commands)
        {
            var read = ReadOne(command.Words, null, context, into);
            if (read is null)
            {
                continue;
            }

            // The comments that foretoken deploy writes say which pool a replica is of.
            foreach (var comment in command.Comments)
            {
                if (comment.StartsWith("pool ", StringComparison.Ordinal) && comment.IndexOf(',', StringComparison.Ordinal) is var comma and > 0)
                {
                    read.Component = comment[5..comma];
                    read.Host = comment.LastIndexOf(": on ", StringComparison.Ordinal) is var on and > 0 ? comment[(on + 5)..] : "";
                }
            }
        }
    }

    /// <summary>Reads one command; the pool when it starts an engine.</summary>
    /// <param name="words">Its words.</param>
    /// <param name="image">The image of the container that runs it; null for none.</param>
    /// <param name="context">Warnings and files.</param>
    /// <param name="into">Takes what is found.</param>
    /// <param name="environment">Variables of the container.</param>
    public static ReadPool? ReadOne(IReadOnlyList<ShellWord> words, string? image, ImportContext context, ImportedDeployment into, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = 0;
        var variables = new Dictionary<string, string>(environment ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        while (start < words.Count && (IsAssignment(words[start].Text) || words[start].Text is "exec" or "nohup" or "sudo" or "env" or "time"))
        {
            var equals = words[start].Text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                variables[words[start].Text[..equals]] = words[start].Text[(equals + 1)..];
            }

            start++;
        }

        if (start == words.Count)
        {
            return image is null || words.Count > 0 ? null : OfImageAlone([], image, context, into, variables);
        }

        var rest = words.Skip(start).ToList();
        if (rest[0].Text is "bash" or "sh" or "/bin/bash" or "/bin/sh" && rest.Count > 2 && rest[1].Text.StartsWith('-') && rest[1].Text.Contains('c', StringComparison.Ordinal))
        {
            ReadPool? found = null;
            foreach (var inner in ShellText.Cut(rest[2].Text, rest[2].Place, isFile: false))
            {
                found = ReadOne(inner.Words, image, context, into, variables) ?? found;
            }

            return found;
        }

        for (var i = 0; i < rest.Count; i++)
        {
            if (Program(rest, i) is { } program)
            {
                return Found(program.Name, rest.Skip(program.After).ToList(), rest[i].Place, image ?? DockerImage(rest, i), context, into, variables);
            }
        }

        if (rest[0].Text is "docker" or "podman" && rest.FindIndex(w => !w.Text.StartsWith('-') && w.Text.Contains('/', StringComparison.Ordinal) && EngineCommand.OfImage(w.Text) is not null) is var at and > 0)
        {
            return OfImageAlone(rest.Skip(at + 1).ToList(), rest[at].Text, context, into, variables);
        }

        if (image is not null && rest[0].Text.StartsWith('-'))
        {
            return OfImageAlone(rest, image, context, into, variables);
        }

        if (!Quiet.Contains(rest[0].Text))
        {
            context.Warn(rest[0].Place, $"the command '{rest[0].Text}' is not understood");
        }

        return null;
    }

    // vllm/vllm-openai and its like begin with the server: everything behind the image is its.
    private static ReadPool? OfImageAlone(List<ShellWord> arguments, string image, ImportContext context, ImportedDeployment into, Dictionary<string, string> variables)
    {
        if (EngineCommand.OfImage(image) is not { Engine: EngineKind.Vllm })
        {
            context.Warn(context.Place, $"what the image {image} starts without a command is not known");
            return null;
        }

        return Found("vllm", arguments, arguments.Count > 0 ? arguments[0].Place : context.Place, image, context, into, variables);
    }

    private static ReadPool? Found(string program, List<ShellWord> arguments, string place, string? image, ImportContext context, ImportedDeployment into, Dictionary<string, string> variables)
    {
        switch (program)
        {
            case "sglang-router":
                RouterReader.SgLang(arguments, context, into);
                return null;
            case "vllm-router":
                RouterReader.ProductionStack(arguments, context, into);
                return null;
            case "dynamo-frontend":
                RouterReader.Dynamo(arguments, variables.GetValueOrDefault("DYN_ROUTER_MODE"), context, into);
                return null;
            case "trtllm-disaggregated":
                var words = new CommandWords(arguments, context);
                if (words.Take("-c", "--config-file", "--config_file") is { } path && words.File(path) is MapNode config)
                {
                    RouterReader.TrtLlm(config, into);
                }
                else
                {
                    words.Warn("the configuration of the two sides is not there: roles are unknown");
                }

                return null;
        }

        var engine = program switch { "sglang" => EngineKind.Sglang, "trtllm" => EngineKind.TensorRtLlm, _ => EngineKind.Vllm };
        if (variables.TryGetValue("VLLM_ADDITIONAL_ARGS", out var more))
        {
            arguments = [.. arguments, .. ShellText.Cut(more, place, isFile: false).SelectMany(c => c.Words)];
        }

        var pool = EngineCommand.Read(engine, arguments, place, context, out var port);
        pool.Version = image is null ? null : EngineCommand.OfImage(image)?.Version;
        pool.Port = port;
        pool.GpusAsked = variables.TryGetValue("CUDA_VISIBLE_DEVICES", out var devices) && devices.All(c => char.IsAsciiDigit(c) || c == ',') ? devices.Split(',').Length : null;
        into.Pools.Add(pool);
        return pool;
    }

    private static (string Name, int After)? Program(List<ShellWord> words, int at)
    {
        var word = words[at].Text;
        var name = word[(word.LastIndexOf('/') + 1)..];
        var next = at + 1 < words.Count ? words[at + 1].Text : "";
        return (name, next) switch
        {
            ("vllm", "serve") => ("vllm", at + 2),
            ("sglang", "serve") => ("sglang", at + 2),
            ("-m", "vllm.entrypoints.openai.api_server" or "vllm.entrypoints.api_server" or "dynamo.vllm") => ("vllm", at + 2),
            ("-m", "sglang.launch_server" or "dynamo.sglang") => ("sglang", at + 2),
            ("-m", "dynamo.trtllm") => ("trtllm", at + 2),
            ("-m", "sglang_router.launch_router") => ("sglang-router", at + 2),
            ("-m", "dynamo.frontend") => ("dynamo-frontend", at + 2),
            ("trtllm-serve", "disaggregated") => ("trtllm-disaggregated", at + 2),
            ("trtllm-serve", "serve") => ("trtllm", at + 2),
            ("trtllm-serve", _) => ("trtllm", at + 1),
            ("vllm-router", _) => ("vllm-router", at + 1),
            ("sglang-router" or "smg", "launch") => ("sglang-router", at + 2),
            _ => null,
        };
    }

    private static string? DockerImage(List<ShellWord> words, int program) =>
        words.Take(program).Select(w => w.Text).LastOrDefault(w => !w.StartsWith('-') && w.Contains(':', StringComparison.Ordinal) && EngineCommand.OfImage(w) is not null);

    private static bool IsAssignment(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && !word.StartsWith('-') && word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }
}

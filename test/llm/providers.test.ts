import { describe, expect, it } from 'vitest';
import { providerOfHost } from '../../src/llm/providers.ts';

describe('providerOfHost', () => {
  it.each([
    ['api.openai.com', 'openai'],
    ['eu.api.openai.com', 'openai'],
    ['api.openai.com:443', 'openai'],
    ['API.OpenAI.com.', 'openai'],
    ['api.anthropic.com', 'anthropic'],
    ['api.groq.com', 'groq'],
    ['api.x.ai', 'x_ai'],
    ['us-east-1.api.x.ai', 'x_ai'],
    ['api.deepseek.com', 'deepseek'],
    ['openrouter.ai', 'openrouter'],
    ['api.mistral.ai', 'mistral_ai'],
    ['api.moonshot.cn', 'moonshot_ai'],
    ['my-resource.openai.azure.com', 'azure.ai.openai'],
    ['my-resource.services.ai.azure.com', 'azure.ai.openai'],
    ['generativelanguage.googleapis.com', 'gcp.gemini'],
    ['europe-west4-aiplatform.googleapis.com', 'gcp.vertex_ai'],
    ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
    ['aiplatform.us.rep.googleapis.com', 'gcp.vertex_ai'],
    ['bedrock-runtime.eu-central-1.amazonaws.com', 'aws.bedrock'],
    ['vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com', 'aws.bedrock'],
    ['us-south.ml.cloud.ibm.com', 'ibm.watsonx.ai'],
    ['ai-gateway.vercel.sh', 'vercel'],
    ['localhost:11434', 'ollama'],
    ['127.0.0.1:11434', 'ollama'],
    ['[::1]:11434', 'ollama'],
  ])('knows that %s is %s', (host, provider) => {
    expect(providerOfHost(host)).toBe(provider);
  });

  it.each([
    ['llm.example.com'],
    ['api.openai.com.example.com'],
    ['notapi.openai.com'],
    ['evil-openrouter.ai'],
    ['storage.googleapis.com'],
    ['s3.eu-central-1.amazonaws.com'],
    ['localhost:8000'],
    ['gpu.internal:11434'],
    ['constructor'],
    ['__proto__.toString'],
    [''],
    [':'],
  ])('knows nobody who owns %s', (host) => {
    expect(providerOfHost(host)).toBeUndefined();
  });
});
